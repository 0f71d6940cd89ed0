/** @module ResourceQuotas of a dump: what is left of each, from its status, or from the namespace's pods where it has none. */

import { type Bag, bagOf, bagsOf, textMapOf, textOf, textsOf } from '../lib/fields.ts';
import { addAmounts, bookedAmounts, bookedFloor } from './amounts.ts';
import { podDemandOf } from './demand.ts';
import type { Read } from './dump.ts';
import { hamiQuotaHeld, isLimit } from './hami-quota.ts';
import type { Amounts, QuotaModel, QuotaScope } from './node.ts';
import { exactAmounts, exactPodLimits, exactPodRequests } from './pod-request.ts';
import { amountsFault } from './quantities.ts';
import { countedResource, quotaCounts, quotaUse } from './quota.ts';
import { readVgpuUse } from './vgpu-use.ts';

/** A quota's list of amounts, whole: milli-CPU, bytes, devices, pods; what is no quantity is left out. */
export const quotaAmounts = (list: unknown): Amounts =>
  new Map([...exactAmounts(list)].map(([resource, nanos]) => [resource, bookedFloor(countedResource(resource), nanos)] as const));

/** The quota with what is left of it. */
export const quotaModelOf = (body: Bag, pods: readonly Bag[]): Read<QuotaModel> => {
  const spec = bagOf(body.spec);
  const status = bagOf(body.status);
  for (const [list, path] of [
    [spec.hard, 'spec.hard'],
    [status.hard, 'status.hard'],
    [status.used, 'status.used'],
  ] as const) {
    const fault = amountsFault(list, path);
    if (fault !== undefined) return { ok: false, message: fault };
  }
  const metadata = bagOf(body.metadata);
  const namespace = textOf(metadata.namespace) || 'default';
  const scopes = scopesOf(spec);
  const told = status.used === undefined ? usedBy(pods, namespace, scopes) : quotaAmounts(status.used);
  const used = new Map([...told, ...heldOfGpus(pods, namespace)]);
  const hard = [...quotaAmounts(status.hard ?? spec.hard)].filter(([resource, amount]) => isLimit(resource, amount));
  const free = new Map(hard.map(([resource, amount]) => [resource, amount - (used.get(resource) ?? 0n)] as const));
  return { ok: true, value: { namespace, name: textOf(metadata.name), free, scopes } };
};

/**
 * What these pods use of a ResourceQuota, whole and by its own names, as the API server counts them: milli-CPU, bytes, devices, pods. Pods of
 * other namespaces and scopes use none of it.
 */
export const usedOfQuota = ({ metadata, spec }: Bag, pods: readonly Bag[]): Amounts =>
  usedBy(pods, textOf(bagOf(metadata).namespace) || 'default', scopesOf(bagOf(spec)));

const scopesOf = (spec: Bag): readonly QuotaScope[] => [
  ...textsOf(spec.scopes).map((name) => ({ name, operator: 'Exists', values: [] })),
  ...bagsOf(bagOf(spec.scopeSelector).matchExpressions).map((line) => ({
    name: textOf(line.scopeName),
    operator: textOf(line.operator),
    values: textsOf(line.values),
  })),
];

const usedBy = (pods: readonly Bag[], namespace: string, scopes: readonly QuotaScope[]): Amounts => {
  const used = new Map<string, bigint>();
  for (const pod of pods) {
    const { phase } = bagOf(pod.status);
    if ((textOf(bagOf(pod.metadata).namespace) || 'default') !== namespace) continue;
    if (!quotaCounts({ scopes }, podDemandOf(pod))) continue;
    if (phase === 'Succeeded' || phase === 'Failed') addAmounts(used, new Map([['count/pods', 1n]]));
    else addAmounts(used, quotaUse(bookedAmounts(exactPodRequests(pod.spec, pod.status)), bookedAmounts(exactPodLimits(pod.spec))));
  }
  return used;
};

/** What the pods of a namespace hold of shared GPUs, by the names that HAMi counts. */
const heldOfGpus = (pods: readonly Bag[], namespace: string): Amounts =>
  hamiQuotaHeld(
    pods.flatMap(({ metadata, status }) => {
      const { phase } = bagOf(status);
      const isThere = (textOf(bagOf(metadata).namespace) || 'default') === namespace && phase !== 'Succeeded' && phase !== 'Failed';
      return isThere ? (readVgpuUse(textMapOf(bagOf(metadata).annotations))?.uses ?? []) : [];
    }),
  );
