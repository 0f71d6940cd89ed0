/** @module What ResourceQuotas leave of what they count. */
import { hamiQuotaHeld, isHamiQuota, isLimit } from '../../shared/capacity/hami-quota.ts';
import { canonicalFloor, exactAmounts } from '../../shared/capacity/pod-request.ts';
import { countedResource } from '../../shared/capacity/quota.ts';
import type { QuotaFree } from '../../shared/capacity/report.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { bagOf, bagsOf, textOf } from '../../shared/lib/fields.ts';
import { sortedRecord } from './fields.ts';
import type { HamiHold } from './hami.ts';
import type { NodeExtras } from './report-extras.ts';

/** What is left of a ResourceQuota; what its status does not count yet counts as unused, and so does what HAMi counts by itself. */
export const quotaOf = (quota: KubeObject): QuotaFree => {
  const spec = bagOf(quota.spec);
  const status = bagOf(quota.status);
  const hard = exactAmounts(spec.hard);
  const used = exactAmounts(status.used);
  const { namespace = '', name } = quota.metadata;
  const selectors = bagsOf(bagOf(spec.scopeSelector).matchExpressions).map((rule) => {
    const values = Array.isArray(rule.values) ? rule.values.map(textOf).sort(compareText) : [];
    return [textOf(rule.scopeName), textOf(rule.operator), ...(values.length === 0 ? [] : [values.join(',')])].join(' ');
  });
  const scopes = Array.isArray(spec.scopes) ? spec.scopes.map(textOf) : [];
  return {
    namespace,
    name,
    free: sortedRecord(
      [...hard]
        .filter(([resource, nanos]) => isLimit(resource, nanos))
        .map(([resource, nanos]) => [
          resource,
          canonicalFloor(countedResource(resource), nanos - (isHamiQuota(resource) ? 0n : (used.get(resource) ?? 0n))),
        ]),
    ),
    scopes: [...scopes, ...selectors].sort(compareText),
  };
};

/** The quotas less what the pods of their namespaces hold of shared GPUs, which no status tells. */
export const withoutHeldGpus = (quotas: readonly QuotaFree[], extrasOf: NodeExtras): readonly QuotaFree[] => {
  if (!quotas.some(({ free }) => Object.keys(free).some(isHamiQuota))) return quotas;
  const uses = new Map<string, HamiHold['uses'][number][]>();
  for (const [{ gpus, namespace }, { live, terminating }] of [...extrasOf.values()].flatMap((extras) => [...extras])) {
    const known = uses.get(namespace) ?? [];
    for (let pod = 0; pod < live + terminating; pod++) known.push(...(gpus?.uses ?? []));
    uses.set(namespace, known);
  }
  return quotas.map((quota) => {
    const held = hamiQuotaHeld(uses.get(quota.namespace) ?? []);
    const free = Object.entries(quota.free).map(([resource, amount]) => [resource, amount - Number(held.get(resource) ?? 0n)] as const);
    return { ...quota, free: sortedRecord(free) };
  });
};
