/**
 * @module ResourceQuotas of a member, as far as they limit pods (kubernetes `pkg/quota/v1/evaluator/core/pods.go` and the admission plugin
 * ResourceQuota): what is used of each, and the refusal of a pod that would pass one. Pods are counted as they are stored: of two that are
 * created at the same moment both may pass.
 */
import { countsBytes } from '../../../shared/capacity/amounts.ts';
import { quotaAmounts, usedOfQuota } from '../../../shared/capacity/dump-quota.ts';
import { podDemandOf } from '../../../shared/capacity/index.ts';
import { countedResource, leavesOpen } from '../../../shared/capacity/quota.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { quantityOf, quantityOfMilli } from '../../../shared/kube/quantity/index.ts';
import { forbidden } from '../../../shared/kube/server/errors.ts';
import { prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import { resources } from './controller.ts';
import type { Container, Pod } from './objects.ts';

export type Quota = KubeObject & { spec: { hard?: { [resource: string]: string } }; status?: object };

/** Amounts by the quota's own names, whole: milli-CPU, bytes, devices, pods. */
type Counts = ReadonlyMap<string, bigint>;

/** What pods are counted by; the rest of a quota limits other kinds, and nothing here. */
const limitsPods = (resource: string): boolean =>
  /^(count\/)?pods$|^((requests|limits)\.)?(cpu|memory|ephemeral-storage)$|^(requests\.)?hugepages-|^requests\.[^/]+\/./.test(resource);

const hardOf = ({ spec: { hard } }: Quota): readonly (readonly [string, bigint])[] =>
  [...quotaAmounts(hard)].filter(([resource]) => limitsPods(resource)).sort(([a], [b]) => compareText(a, b));

const amountText = (resource: string, amount: bigint): string => {
  const counted = countedResource(resource);
  return counted === 'cpu' ? quantityOfMilli(amount).text : quantityOf(amount, countsBytes(counted) ? 'BinarySI' : 'DecimalSI').text;
};

/** The status of a quota whose namespace has these pods. */
export const quotaStatus = (quota: Quota, pods: readonly Pod[]): object => {
  const used = usedOfQuota(quota, pods);
  return {
    hard: quota.spec.hard ?? {},
    used: Object.fromEntries(hardOf(quota).map(([resource]) => [resource, amountText(resource, used.get(resource) ?? 0n)])),
  };
};

/** Containers that leave open what the quota counts, as `limits.cpu for: c`; requests that are not set are the limits. */
const openText = (pod: Pod, resource: string): string => {
  const field = resource.startsWith('limits.') ? 'limits' : 'requests';
  const name = countedResource(resource);
  const names = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    .filter(({ resources: asked = {} }: Container) => (asked[field] ?? asked.limits)?.[name] === undefined)
    .map((container) => container.name);
  return `${resource} for: ${names.sort(compareText).join(',')}`;
};

/** Why the quota refuses one more pod, in the API server's words; undefined = it does not. */
const refusal = (quota: Quota, pod: Pod, pods: readonly Pod[]): string | undefined => {
  const asked: Counts = usedOfQuota(quota, [pod]);
  if (asked.size === 0) return undefined;
  const hard = hardOf(quota);
  const demand = podDemandOf(pod);
  const open = hard.filter(([resource]) => leavesOpen(demand, resource));
  const { name } = quota.metadata;
  if (open.length > 0) return `failed quota: ${name}: must specify ${open.map(([resource]) => openText(pod, resource)).join('; ')}`;
  const used: Counts = usedOfQuota(quota, pods);
  const passed = hard.filter(
    ([resource, limit]) => (asked.get(resource) ?? 0n) > 0n && (used.get(resource) ?? 0n) + (asked.get(resource) ?? 0n) > limit,
  );
  if (passed.length === 0) return undefined;
  const list = (amounts: Counts): string =>
    passed.map(([resource]) => `${resource}=${amountText(resource, amounts.get(resource) ?? 0n)}`).join(',');
  return `exceeded quota: ${name}, requested: ${list(asked)}, used: ${list(used)}, limited: ${list(new Map(hard))}`;
};

/** @throws StatusError 403 for a new pod that a quota of its namespace has no room for. */
export const checkQuotas = (pod: Pod, store: Pick<Store, 'list'>): void => {
  const { namespace = '', name, generateName = '' } = pod.metadata;
  const quotas = store.list(prefixOf('', 'resourcequotas', namespace));
  if (quotas.length === 0) return;
  const pods = store.list(prefixOf('', 'pods', namespace)).map(({ object }) => object as Pod);
  for (const { object } of quotas) {
    const reason = refusal(object as Quota, pod, pods);
    if (reason !== undefined) throw forbidden(resources.pods, name ?? generateName, reason);
  }
};
