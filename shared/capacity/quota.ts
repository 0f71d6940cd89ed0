/** @module What a namespace's quota has left for replicas of a shape (kubernetes `pkg/quota/v1/evaluator/core/pods.go`). */
import { addAmounts } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import { hamiQuotaUse } from './hami-quota.ts';
import type { Amounts, QuotaModel, QuotaScope } from './node.ts';
import { hamiResources } from './vgpu.ts';

const native = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** The resource that a quota's name counts: cpu for `requests.cpu` and `limits.cpu`. */
export const countedResource = (name: string): string => name.replace(/^(requests|limits)\./, '');

/** What one pod uses of a quota as the API server counts it, by the quota's own names. `requests` with overhead. */
export const quotaUse = (requests: Amounts, limits: Amounts): Amounts => {
  const use = new Map<string, bigint>([
    ['pods', 1n],
    ['count/pods', 1n],
  ]);
  for (const [resource, amount] of requests) {
    const named = native.has(resource) || resource.startsWith('hugepages-');
    addAmounts(
      use,
      new Map(named ? [[resource, amount] as const, [`requests.${resource}`, amount] as const] : [[`requests.${resource}`, amount]]),
    );
  }
  for (const [resource, amount] of limits) {
    if (native.has(resource)) addAmounts(use, new Map([[`limits.${resource}`, amount]]));
    // Requests and limits of extended resources are equal; HAMi's own are no requests to the scheduler.
    if (hamiResources.has(resource) && !requests.has(resource)) addAmounts(use, new Map([[`requests.${resource}`, amount]]));
  }
  return use;
};

/** What one replica uses of a quota. `gpuMemoryMiB`: of the largest shared GPU it may be given. */
export const replicaUse = ({ requests, limits, vgpus }: Pick<PodDemand, 'requests' | 'limits' | 'vgpus'>, gpuMemoryMiB: bigint): Amounts =>
  new Map([...quotaUse(requests, limits), ...hamiQuotaUse(vgpus, gpuMemoryMiB)]);

/** What a scope asks of a pod. */
export type ScopedPod = Pick<PodDemand, 'bestEffort' | 'hasDeadline' | 'priorityClassName' | 'affinity' | 'antiAffinity'>;

const inScope = (scope: QuotaScope, pod: ScopedPod): boolean => {
  switch (scope.name) {
    case 'BestEffort':
      return pod.bestEffort;
    case 'NotBestEffort':
      return !pod.bestEffort;
    case 'Terminating':
      return pod.hasDeadline;
    case 'NotTerminating':
      return !pod.hasDeadline;
    case 'PriorityClass':
      return inPriorityScope(scope, pod.priorityClassName);
    case 'CrossNamespacePodAffinity':
      return [...pod.affinity, ...pod.antiAffinity].some((term) => term.namespaces.length > 0 || term.namespaceSelector !== undefined);
    default:
      return false;
  }
};

const inPriorityScope = ({ operator, values }: QuotaScope, name: string): boolean => {
  if (operator === 'In') return values.includes(name);
  if (operator === 'NotIn') return !values.includes(name);
  return operator === 'DoesNotExist' ? name === '' : name !== '';
};

/** True when the quota counts the pod. */
export const quotaCounts = (quota: Pick<QuotaModel, 'scopes'>, pod: ScopedPod): boolean =>
  quota.scopes.every((scope) => inScope(scope, pod));

/** A quota on these refuses pods of which a container leaves them open. */
const compute: Readonly<Record<string, string>> = {
  cpu: 'requests.cpu',
  memory: 'requests.memory',
  'requests.cpu': 'requests.cpu',
  'requests.memory': 'requests.memory',
  'limits.cpu': 'limits.cpu',
  'limits.memory': 'limits.memory',
};

/** True when a quota on this refuses the pod, because a container leaves it open. */
export const leavesOpen = ({ unsetCompute }: Pick<PodDemand, 'unsetCompute'>, resource: string): boolean =>
  Object.hasOwn(compute, resource) && unsetCompute.includes(compute[resource] ?? '');

/** Further replicas that all quotas of the namespace allow; undefined = no limit. `gpuMemoryMiB` as in {@link replicaUse}. */
export const quotaCount = (quotas: readonly QuotaModel[], demand: PodDemand, gpuMemoryMiB: bigint): bigint | undefined => {
  const use = replicaUse(demand, gpuMemoryMiB);
  let most: bigint | undefined;
  for (const quota of quotas) {
    if (quota.namespace !== demand.namespace || !quotaCounts(quota, demand)) continue;
    for (const [resource, free] of quota.free) {
      const open = leavesOpen(demand, resource);
      const amount = use.get(resource) ?? 0n;
      if (!open && amount === 0n) continue;
      const allowed = open || free <= 0n ? 0n : free / amount;
      if (most === undefined || allowed < most) most = allowed;
    }
  }
  return most;
};
