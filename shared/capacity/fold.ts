/** @module What a cluster adds to a demand before it is counted: overhead, selector and tolerations of its RuntimeClass, devices of its networks. */
import { addAmounts } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import type { Amounts, ClusterModel } from './node.ts';

/** The demand as this cluster sees it, or why none of its nodes can serve it. */
export type Folded = { readonly demand: PodDemand; readonly refusal: string | undefined; readonly doubts: readonly string[] };

/** Folds RuntimeClass and networks into a demand. */
export const foldDemand = (cluster: Pick<ClusterModel, 'runtimeClasses' | 'networks'>, demand: PodDemand): Folded => {
  const runtime = withRuntimeClass(cluster, demand);
  const network = withNetworks(cluster, runtime.demand);
  return {
    demand: network.demand,
    refusal: runtime.refusal ?? network.refusal,
    doubts: [...demand.doubts, ...runtime.doubts, ...network.doubts],
  };
};

const withRuntimeClass = (cluster: Pick<ClusterModel, 'runtimeClasses'>, demand: PodDemand): Folded => {
  const { runtimeClassName: name } = demand;
  if (name === undefined) return { demand, refusal: undefined, doubts: [] };
  const runtime = cluster.runtimeClasses.find((entry) => entry.name === name);
  if (runtime === undefined) {
    const doubts = cluster.runtimeClasses.length === 0 ? [`spec.runtimeClassName: no RuntimeClass is told, "${name}" may exist`] : [];
    return { demand, refusal: 'runtimeClass', doubts };
  }
  // Admission refuses a pod that asks another value for a label of its class's selector.
  const clash = Object.entries(runtime.nodeSelector).some(
    ([key, value]) => Object.hasOwn(demand.nodeSelector, key) && demand.nodeSelector[key] !== value,
  );
  const requests = new Map(demand.requests);
  const limits = new Map(demand.limits);
  if (!demand.hasOverhead) {
    addAmounts(requests, runtime.overhead);
    addAmounts(limits, new Map([...runtime.overhead].filter(([resource]) => limits.has(resource))));
  }
  return {
    demand: {
      ...demand,
      requests,
      limits,
      nodeSelector: { ...runtime.nodeSelector, ...demand.nodeSelector },
      tolerations: [...demand.tolerations, ...runtime.tolerations],
    },
    refusal: clash ? 'selector' : undefined,
    doubts: [],
  };
};

/**
 * Devices that the networks of a demand add, one for each mention; a pod that asks for them by itself is not charged twice. `unknown` is a
 * network that the cluster does not have.
 */
export const networkDevices = (
  networks: readonly { readonly namespace: string; readonly name: string; readonly resource?: string | undefined }[],
  demand: Pick<PodDemand, 'networks' | 'requests'>,
): { readonly missing: ReadonlyMap<string, bigint>; readonly unknown: string | undefined } => {
  const devices = new Map<string, bigint>();
  for (const { namespace, name } of demand.networks) {
    const known = networks.find((network) => network.namespace === namespace && network.name === name);
    if (known === undefined) return { missing: devices, unknown: `${namespace}/${name}` };
    if (known.resource !== undefined) addAmounts(devices, new Map([[known.resource, 1n]]));
  }
  const missing = new Map(
    [...devices].flatMap(([resource, count]) => {
      const asked = demand.requests.get(resource) ?? 0n;
      return count > asked ? [[resource, count - asked] as const] : [];
    }),
  );
  return { missing, unknown: undefined };
};

const withNetworks = (cluster: Pick<ClusterModel, 'networks'>, demand: PodDemand): Folded => {
  const { missing, unknown } = networkDevices(cluster.networks, demand);
  if (unknown !== undefined) {
    const doubts = cluster.networks.length === 0 ? [`networks: no NetworkAttachmentDefinition is told, ${unknown} may exist`] : [];
    return { demand, refusal: 'network', doubts };
  }
  if (missing.size === 0) return { demand, refusal: undefined, doubts: [] };
  return { demand: withDevices(demand, missing), refusal: undefined, doubts: [] };
};

/** The demand with devices that somebody else adds to it: its first container has them. */
export const withDevices = (demand: PodDemand, devices: Amounts): PodDemand => {
  if (devices.size === 0) return demand;
  const requests = new Map(demand.requests);
  addAmounts(requests, devices);
  const first = demand.containers.findIndex(({ role }) => role === 'app');
  const containers = demand.containers.map((container, at) => {
    if (at !== first) return container;
    const more = new Map(container.requests);
    addAmounts(more, devices);
    return { ...container, requests: more };
  });
  return { ...demand, requests, containers };
};
