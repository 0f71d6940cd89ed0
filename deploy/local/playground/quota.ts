/**
 * @module ResourceQuotas of a member, as far as they limit pods (kubernetes `pkg/quota/v1/evaluator/core/pods.go` and the admission plugin
 * ResourceQuota): what is used of each, and the refusal of a pod that would pass one. Pods are counted as they are stored: of two that are
 * created at the same moment both may pass.
 */
import { usedOfQuota } from '../../../shared/capacity/dump-quota.ts';
import { podDemandOf } from '../../../shared/capacity/index.ts';
import { leavesOpen } from '../../../shared/capacity/quota.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { parseQuantity, quantityMilli, quantityOf, quantityOfMilli, quantityUnits } from '../../../shared/kube/quantity/index.ts';
import type { AdmissionRequest } from '../../../shared/kube/server/options.ts';
import { StatusError } from '../../../shared/kube/status-error.ts';
import { prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { Container, Pod } from './objects.ts';

export type Quota = KubeObject & { spec: { hard?: { [resource: string]: string } }; status?: object };

/** Amounts by the quota's own names, whole: milli-CPU, bytes, devices, pods. */
type Counts = ReadonlyMap<string, bigint>;

/** What pods are counted by; the rest of a quota limits other kinds, and nothing here. */
const limitsPods = (resource: string): boolean =>
  /^(count\/)?pods$|^((requests|limits)\.)?(cpu|memory|ephemeral-storage)$|^(requests\.)?hugepages-|^requests\.[^/]+\/./.test(resource);

const isCpu = (resource: string): boolean => /^((requests|limits)\.)?cpu$/.test(resource);
const isBytes = (resource: string): boolean => /memory$|storage$|hugepages-/.test(resource);

const hardOf = ({ spec: { hard = {} } }: Quota): readonly (readonly [string, bigint])[] =>
  Object.entries(hard)
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([resource, text]) => {
      const quantity = parseQuantity(text);
      if (!quantity.ok || !limitsPods(resource)) return [];
      return [[resource, isCpu(resource) ? quantityMilli(quantity.value) : quantityUnits(quantity.value)] as const];
    });

const amountText = (resource: string, amount: bigint): string =>
  isCpu(resource) ? quantityOfMilli(amount).text : quantityOf(amount, isBytes(resource) ? 'BinarySI' : 'DecimalSI').text;

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
  const [field, name] = resource.startsWith('limits.')
    ? (['limits', resource.slice(7)] as const)
    : (['requests', resource.replace(/^requests\./, '')] as const);
  const names = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    .filter(({ resources = {} }: Container) => (resources[field] ?? resources.limits)?.[name] === undefined)
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
export const checkQuotas = (
  { operation, type, subresource, object, namespace, name }: AdmissionRequest,
  store: Pick<Store, 'list'>,
): void => {
  if (object === undefined || operation !== 'CREATE' || type.group !== '' || type.resource !== 'pods' || subresource !== '') return;
  const quotas = store.list(prefixOf('', 'resourcequotas', namespace));
  if (quotas.length === 0) return;
  const pod = { ...object, metadata: { ...object.metadata, namespace } } as Pod;
  const pods = store.list(prefixOf('', 'pods', namespace)).map((stored) => stored.object as Pod);
  for (const stored of quotas) {
    const reason = refusal(stored.object as Quota, pod, pods);
    if (reason !== undefined) throw new StatusError(403, 'Forbidden', `pods "${name}" is forbidden: ${reason}`, { name, kind: 'pods' });
  }
};
