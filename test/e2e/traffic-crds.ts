/** @module CustomResourceDefinitions of the kinds that move traffic, for members that are real: of mcs-api as the hub serves them, of Gateway API loosely. */
import { mcsGroup, mcsSchemas, mcsVersion, serviceExportKind, serviceImportKind } from '../../shared/api/index.ts';
import type { ResourceType } from '../../shared/kube/resource.ts';

type Version = { readonly name: string; readonly schema: object };

const crd = (group: string, names: object, plural: string, versions: readonly Version[], stored: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${plural}.${group}`,
    // The API server asks for it in groups of Kubernetes' own.
    annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/mcs-api' },
  },
  spec: {
    group,
    scope: 'Namespaced',
    names,
    versions: versions.map(({ name, schema }) => ({
      name,
      served: true,
      storage: name === stored,
      schema: { openAPIV3Schema: schema },
      subresources: { status: {} },
    })),
  },
});

const namesOf = ({
  kind,
  listKind,
  resource,
  singular,
  shortNames,
}: Pick<ResourceType, 'kind' | 'listKind' | 'resource' | 'singular' | 'shortNames'>) => ({
  kind,
  listKind,
  plural: resource,
  singular,
  shortNames,
});

const mcsCrd = (types: readonly ResourceType[]): object[] => {
  const [first] = types;
  if (first === undefined) return [];
  const versions = types.map(({ version, schemaName }) => {
    const { spec, status } = (mcsSchemas[schemaName]?.properties ?? {}) as { spec: object; status: object };
    return { name: version, schema: { type: 'object', properties: { spec, status } } };
  });
  return [crd(mcsGroup, namesOf(first), first.resource, versions, mcsVersion)];
};

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const routes = {
  type: 'object',
  properties: {
    spec: { ...anything, properties: { rules: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: anything } } },
    status: anything,
  },
};

/** All of them, as one text for `kubectl apply -f -`. */
export const trafficCrds = (): string =>
  [
    ...mcsCrd(serviceExportKind.types),
    ...mcsCrd(serviceImportKind.types),
    crd(
      'gateway.networking.k8s.io',
      namesOf({ kind: 'HTTPRoute', listKind: 'HTTPRouteList', resource: 'httproutes', singular: 'httproute', shortNames: [] }),
      'httproutes',
      [{ name: 'v1', schema: routes }],
      'v1',
    ),
  ]
    .map((object) => JSON.stringify(object))
    .join('\n---\n');
