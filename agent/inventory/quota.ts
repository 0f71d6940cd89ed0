/** @module What ResourceQuotas leave of what they count. */
import { canonicalFloor, exactAmounts } from '../../shared/capacity/pod-request.ts';
import type { QuotaFree } from '../../shared/capacity/report.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { bagOf, bagsOf, textOf } from '../../shared/lib/fields.ts';
import { sortedRecord } from './fields.ts';

/** `requests.cpu` and `limits.cpu` are counted as cpu is; so are memory and the rest. */
const unitOf = (resource: string): string => resource.replace(/^(requests|limits)\./, '');

/** What is left of a ResourceQuota; what its status does not count yet counts as unused. */
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
      [...hard].map(([resource, nanos]) => [resource, canonicalFloor(unitOf(resource), nanos - (used.get(resource) ?? 0n))]),
    ),
    scopes: [...scopes, ...selectors].sort(compareText),
  };
};
