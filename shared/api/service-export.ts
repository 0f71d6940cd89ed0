/** @module ServiceExport (multicluster.x-k8s.io): the Service of this name is offered to all clusters. At the hub it speaks for every cluster that the Service is placed in. */
import type { Condition } from '../kube/condition.ts';
import { dns1035Label } from '../kube/names/index.ts';
import type { KubeObject, ObjectMeta } from '../kube/object.ts';
import { conditionsShape } from './cluster-status.ts';
import { ageColumn, ageText, column, nameColumn, storedVerbs } from './kind.ts';
import { type McsKind, mcsKind, mcsSchema } from './mcs.ts';
import { fields, textMap } from './shape.ts';

/** An export. */
export type ServiceExport = {
  readonly apiVersion: string;
  readonly kind: 'ServiceExport';
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly exportedLabels?: Readonly<Record<string, string>>;
    readonly exportedAnnotations?: Readonly<Record<string, string>>;
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
};

const specShape = fields('What goes along with the service.', {
  exportedLabels: textMap('Labels that the imports get.'),
  exportedAnnotations: textMap('Annotations that the imports get.'),
});
const statusShape = fields('What became of it.', { conditions: conditionsShape });

/** What follows a prefix makes up for its last dash. */
const validateName = (name: string, prefix: boolean): string[] =>
  dns1035Label(prefix ? `${name}a` : name).map((message) => `${message}; it must be the name of the Service to export`);

const cells = (object: KubeObject, nowMs: number): (string | number | boolean | null)[] => {
  const { conditions = [] } = (object as unknown as ServiceExport).status ?? {};
  const statusOf = (type: string): string => conditions.find((condition) => condition.type === type)?.status ?? 'Unknown';
  return [
    object.metadata.name,
    statusOf('Valid'),
    statusOf('Ready'),
    statusOf('Conflict'),
    ageText(object.metadata.creationTimestamp, nowMs),
    conditions.map(({ message }) => message).find((message) => message !== '') ?? '',
  ];
};

/** How API servers serve ServiceExport. */
export const serviceExportKind: McsKind = mcsKind(
  {
    kind: 'ServiceExport',
    listKind: 'ServiceExportList',
    resource: 'serviceexports',
    singular: 'serviceexport',
    shortNames: ['svcex'],
    categories: [],
    namespaced: true,
    verbs: storedVerbs,
    hasStatus: true,
    strategicMerge: false,
    validateName,
    strategy: { validate: (object) => specShape.check(object.spec ?? {}, 'spec') },
    columns: [
      nameColumn,
      column('Valid', 'string', 'Whether there is a Service that can be exported.'),
      column('Ready', 'string', 'Whether the other clusters have it.'),
      column('Conflict', 'string', 'Whether exports of it disagree.'),
      ageColumn,
      column('Message', 'string', 'Why, for a person.', 1),
    ],
    cells,
  },
  (version) =>
    mcsSchema(
      'ServiceExport',
      version,
      'ServiceExport offers the Service of its name and namespace to all clusters. At the hub it speaks for every cluster that the Service is placed in; one that a member has of its own counts as well.',
      { spec: specShape.schema, status: statusShape.schema },
    ),
);
