/** @module NodeResourceTopology (topology.node.k8s.io/v1alpha2), as a member with NUMA reporting serves it. */
import { ageCell } from '../../../shared/kube/builtin/index.ts';
import type { OpenApiSchema, ResourceType } from '../../../shared/kube/resource.ts';

const schemaName = 'io.k8s.node.topology.v1alpha2.NodeResourceTopology';
const text = { type: 'string' };
const nameAndValue = { type: 'object', properties: { name: text, value: text }, required: ['name', 'value'] };
const quantity = { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, text] };

const zone = {
  type: 'object',
  required: ['name', 'type'],
  properties: {
    name: text,
    type: text,
    parent: text,
    attributes: { type: 'array', items: nameAndValue },
    costs: {
      type: 'array',
      items: { type: 'object', required: ['name', 'value'], properties: { name: text, value: { type: 'integer' } } },
    },
    resources: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'capacity', 'allocatable', 'available'],
        properties: { name: text, capacity: quantity, allocatable: quantity, available: quantity },
      },
    },
  },
};

/** The schema of the kind, by its name. */
export const topologySchemas: Readonly<Record<string, OpenApiSchema>> = {
  [schemaName]: {
    type: 'object',
    description: 'What the NUMA zones of a node have.',
    properties: {
      apiVersion: text,
      kind: text,
      metadata: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
      attributes: { type: 'array', items: nameAndValue },
      topologyPolicies: { type: 'array', items: text },
      zones: { type: 'array', items: zone },
    },
    'x-kubernetes-group-version-kind': [{ group: 'topology.node.k8s.io', version: 'v1alpha2', kind: 'NodeResourceTopology' }],
  },
};

/** The kind as the API server serves it. */
export const topologyType: ResourceType = {
  group: 'topology.node.k8s.io',
  version: 'v1alpha2',
  kind: 'NodeResourceTopology',
  listKind: 'NodeResourceTopologyList',
  resource: 'noderesourcetopologies',
  singular: 'noderesourcetopology',
  shortNames: ['node-res-topo'],
  categories: [],
  namespaced: false,
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  schemaName,
  hasStatus: false,
  strategicMerge: false,
  strategy: {},
  columns: [
    { name: 'Name', type: 'string', format: 'name', description: 'Name of the node.', priority: 0 },
    { name: 'Age', type: 'string', format: '', description: 'Time since creation.', priority: 0 },
  ],
  cells: (object, nowMs) => [object.metadata.name, ageCell(object, nowMs)],
};
