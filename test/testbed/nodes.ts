/** @module Fake nodes: Node objects that kwok keeps Ready and that the real scheduler fills. */
import type { ApiCall } from './api.ts';

/** One taint as a Node carries it. */
export type Taint = { readonly key: string; readonly value?: string; readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' };

/** A fake node. Quantities are in Kubernetes' own notation; `allocatable` is also its capacity unless that is given. */
export type NodeSpec = {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly unschedulable?: boolean;
  /** Default: 8 CPUs, 32Gi, 110 pods. Extended resources such as `nvidia.com/gpu` go here as well. */
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly capacity?: Readonly<Record<string, string>>;
};

const allocatableDefault = { cpu: '8', memory: '32Gi', pods: '110' };

/** The Node object of a spec, annotated so that kwok takes care of it. */
export const nodeObject = (spec: NodeSpec): Record<string, unknown> => {
  const allocatable = { ...allocatableDefault, ...spec.allocatable };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: spec.name,
      labels: {
        'kubernetes.io/hostname': spec.name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
        ...spec.labels,
      },
      annotations: { 'kwok.x-k8s.io/node': 'fake', 'node.alpha.kubernetes.io/ttl': '0', ...spec.annotations },
    },
    spec: { taints: spec.taints ?? [], unschedulable: spec.unschedulable ?? false },
    status: { allocatable, capacity: { ...allocatable, ...spec.capacity } },
  };
};

/**
 * Creates the nodes, or replaces labels, taints and capacity of those that exist.
 * @throws when the API server refuses one, with its message.
 */
export const applyNodes = async (call: ApiCall, specs: readonly NodeSpec[]): Promise<void> => {
  for (const spec of specs) {
    const node = nodeObject(spec);
    const created = await call('POST', '/api/v1/nodes', { body: node });
    if (created.status === 409) await replaceNode(call, spec, node);
    else if (created.status >= 300) throw new Error(`node ${spec.name} was refused: ${JSON.stringify(created.body)}`);
  }
};

const replaceNode = async (call: ApiCall, spec: NodeSpec, node: Record<string, unknown>): Promise<void> => {
  const headers = { 'content-type': 'application/merge-patch+json' };
  const path = `/api/v1/nodes/${spec.name}`;
  for (const target of [path, `${path}/status`]) {
    const patched = await call('PATCH', target, { body: node, headers });
    if (patched.status >= 300) throw new Error(`node ${spec.name} was refused: ${JSON.stringify(patched.body)}`);
  }
};
