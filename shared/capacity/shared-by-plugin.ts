/**
 * @module GPUs that NVIDIA's device plugin shares by time-slicing or MPS. Whether it lets a container have more than one
 * (`failRequestsGreaterThanOne`, NVIDIA/k8s-device-plugin README) is in its configuration only: no label and no amount tells.
 */
import { boundName } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import type { NodeGroup } from './report.ts';
import type { NodeBound } from './zone-plan.ts';

type Labels = Readonly<Record<string, string>>;

const sharingLabel = /^nvidia\.com\/.+\.replicas$/;

/** True for a label that says, or may say, that a GPU is several; `1` and `0` stand for none. */
const isShared = (replicas: string | undefined): replicas is string => replicas !== undefined && !/^[01]$/.test(replicas);

/** The label that counts how often each GPU of a resource is offered; a renamed resource (`nvidia.com/gpu.shared`) has its GPUs' own. */
const labelOf = (resource: string): string => `${resource.replace(/\.shared$/, '')}.replicas`;

/** Of labels that a report keeps: it is asked for each new shape. */
const sharing = new WeakMap<Labels, boolean>();

/** True when the plugin shares GPUs of a node. */
export const sharesByPlugin = (labels: Labels): boolean => {
  const known = sharing.get(labels) ?? Object.entries(labels).some(([name, value]) => sharingLabel.test(name) && isShared(value));
  sharing.set(labels, known);
  return known;
};

/** The resource of which a container asks for more than one shared GPU, which the plugin may refuse; undefined = none does. */
export const severalShared = (labels: Labels, { containers }: Pick<PodDemand, 'containers'>): string | undefined => {
  for (const { requests } of containers)
    for (const [resource, amount] of requests)
      if (amount > 1n && resource.startsWith('nvidia.com/') && isShared(labels[labelOf(resource)])) return resource;
  return undefined;
};

/** Why a node's count is an estimate then, and what would mend it. */
export const severalDoubt = (node: string, labels: Labels, resource: string): string =>
  `Node ${node}: metadata.labels[${labelOf(resource)}] is ${JSON.stringify(labels[labelOf(resource)])}: its GPUs are shared, and the device plugin may refuse ` +
  `more than one to a container (failRequestsGreaterThanOne, which nothing here tells); ask for 1 of ${resource}, or for nodes that share none`;

/** The bound of a report's group; undefined = nothing may be refused. GPUs that HAMi shares are not the plugin's. */
export const pluginPlan = ({ labels, devices }: NodeGroup, demand: PodDemand): NodeBound | undefined => {
  const resource = devices === undefined && !demand.needsVgpu ? severalShared(labels, demand) : undefined;
  return resource === undefined ? undefined : () => ({ count: 0, exact: false, bound: boundName(resource) });
};
