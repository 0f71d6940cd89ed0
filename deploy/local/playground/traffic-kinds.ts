/**
 * @module Kinds that move traffic, as a member serves them that has the CRDs of mcs-api, Gateway API and ExternalDNS: ServiceExport and
 * ServiceImport as they are, of the others names and lists, their fields as they come. No gateway runs here: routes are only kept.
 */
import { mcsSchemas, mcsTypes } from '../../../shared/api/index.ts';
import { ageCell } from '../../../shared/kube/builtin/index.ts';
import { customSchemaName } from '../../../shared/kube/custom/index.ts';
import type { OpenApiSchema, ResourceType } from '../../../shared/kube/resource.ts';

type Loose = {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  readonly spec: OpenApiSchema;
};

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
/** Rules of routes are atomic lists, as in the real kinds: who applies one rule owns all. */
const routeSpec = { ...anything, properties: { rules: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: anything } } };
const gatewayApi = { group: 'gateway.networking.k8s.io', version: 'v1' };
const kinds: readonly Loose[] = [
  { ...gatewayApi, kind: 'Gateway', resource: 'gateways', spec: anything },
  { ...gatewayApi, kind: 'HTTPRoute', resource: 'httproutes', spec: routeSpec },
  { ...gatewayApi, kind: 'GRPCRoute', resource: 'grpcroutes', spec: routeSpec },
  { group: 'externaldns.k8s.io', version: 'v1alpha1', kind: 'DNSEndpoint', resource: 'dnsendpoints', spec: anything },
];

const typeOf = ({ group, version, kind, resource }: Loose): ResourceType => ({
  group,
  version,
  kind,
  listKind: `${kind}List`,
  resource,
  singular: kind.toLowerCase(),
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  schemaName: customSchemaName(group, version, kind),
  hasStatus: true,
  strategicMerge: false,
  strategy: {},
  columns: [
    { name: 'Name', type: 'string', format: 'name', description: 'Name of the object.', priority: 0 },
    { name: 'Age', type: 'string', format: '', description: 'Time since creation.', priority: 0 },
  ],
  cells: (object, nowMs) => [object.metadata.name, ageCell(object, nowMs)],
});

const schemaOf = ({ group, version, kind, spec }: Loose): OpenApiSchema => ({
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
    spec,
    status: anything,
  },
  'x-kubernetes-group-version-kind': [{ group, version, kind }],
});

/** The kinds as the API server serves them. */
export const trafficTypes: readonly ResourceType[] = [...mcsTypes(), ...kinds.map(typeOf)];

/** Their schemas by name. */
export const trafficSchemas: Readonly<Record<string, OpenApiSchema>> = {
  ...mcsSchemas,
  ...Object.fromEntries(kinds.map((kind) => [customSchemaName(kind.group, kind.version, kind.kind), schemaOf(kind)])),
};
