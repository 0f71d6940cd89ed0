/** @module ServiceImport (multicluster.x-k8s.io): a service that some clusters export, as importers see it. Written by the hub and its agents. */
import type { Condition } from '../kube/condition.ts';
import type { KubeObject, ObjectMeta } from '../kube/object.ts';
import { conditionsShape } from './cluster-status.ts';
import { ageColumn, ageText, column, nameColumn, storedVerbs } from './kind.ts';
import { type McsKind, mcsKind, mcsSchema } from './mcs.ts';
import { fields, integer, list, must, text, word } from './shape.ts';

/** One port. */
export type ServiceImportPort = {
  readonly name?: string;
  readonly protocol?: string;
  readonly appProtocol?: string;
  readonly port: number;
};

/** An import. */
export type ServiceImport = {
  readonly apiVersion: string;
  readonly kind: 'ServiceImport';
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly type: 'ClusterSetIP' | 'Headless';
    readonly ports: readonly ServiceImportPort[];
    readonly ips?: readonly string[];
    readonly sessionAffinity?: string;
    readonly ipFamilies?: readonly string[];
    readonly internalTrafficPolicy?: string;
    readonly trafficDistribution?: string;
  };
  readonly status?: {
    readonly clusters?: readonly { readonly cluster: string }[];
    readonly conditions?: readonly Condition[];
  };
};

const port = fields('One port.', {
  name: text('Its name.'),
  protocol: word('Its protocol.', ['TCP', 'UDP', 'SCTP'], { default: 'TCP' }),
  appProtocol: text('The protocol of the application.'),
  port: must(integer('The port.', { min: 1, max: 65_535 })),
});

const specShape = fields('The service as importers see it.', {
  type: must(word('ClusterSetIP: one address. Headless: the endpoints themselves.', ['ClusterSetIP', 'Headless'])),
  ports: must(list('Ports of all exports together.', port, { type: 'atomic' }, 100)),
  ips: list('Addresses of the service in this cluster; set by the agent.', text('An address.'), { type: 'atomic' }, 2),
  sessionAffinity: text('None or ClientIP.'),
  sessionAffinityConfig: fields('How long a client stays.', {
    clientIP: fields('By its address.', { timeoutSeconds: integer('Seconds.', { min: 1, max: 86_400 }) }),
  }),
  ipFamilies: list('Families of the addresses.', text('IPv4 or IPv6.'), { type: 'atomic' }, 2),
  internalTrafficPolicy: text('Cluster or Local.'),
  trafficDistribution: text('A preference for near endpoints.'),
});

const statusShape = fields('Who offers it.', {
  clusters: list(
    'Clusters that export the service.',
    fields('One cluster.', { cluster: must(text('Its name.')) }),
    { type: 'map', keys: ['cluster'] },
    500,
  ),
  conditions: conditionsShape,
});

const cells = (object: KubeObject, nowMs: number): (string | number | boolean | null)[] => {
  const { spec, status } = object as unknown as Partial<ServiceImport>;
  return [
    object.metadata.name,
    spec?.type ?? '',
    (spec?.ips ?? []).join(',') || '<none>',
    (spec?.ports ?? []).map(({ port: number, protocol }) => `${number}/${protocol ?? 'TCP'}`).join(','),
    (status?.clusters ?? []).map(({ cluster }) => cluster).join(',') || '<none>',
    ageText(object.metadata.creationTimestamp, nowMs),
  ];
};

/** How API servers serve ServiceImport. */
export const serviceImportKind: McsKind = mcsKind(
  {
    kind: 'ServiceImport',
    listKind: 'ServiceImportList',
    resource: 'serviceimports',
    singular: 'serviceimport',
    shortNames: ['svcim'],
    categories: [],
    namespaced: true,
    verbs: storedVerbs,
    hasStatus: true,
    strategicMerge: false,
    strategy: { validate: (object) => specShape.check(object.spec, 'spec') },
    columns: [
      nameColumn,
      column('Type', 'string', 'ClusterSetIP or Headless.'),
      column('IP', 'string', 'Addresses of the service in this cluster.'),
      column('Ports', 'string', 'Its ports.'),
      column('Clusters', 'string', 'Clusters that export it.'),
      ageColumn,
    ],
    cells,
  },
  (version) =>
    mcsSchema(
      'ServiceImport',
      version,
      'ServiceImport is a service that clusters export, as importers see it. The hub and its agents write it.',
      {
        spec: specShape.schema,
        status: statusShape.schema,
      },
    ),
);
