/** @module Tells on a workload that clusters are left out because an override of its policy cannot be applied to it there. */
import { explainedIn, explanationRows, type KeptExplanation, type StoredPlacementStatus } from '../../../shared/api/index.ts';
import { listed } from '../../../shared/lib/listed.ts';
import type { CompiledPolicy, Decision } from '../../../shared/placement/index.ts';
import type { EventText } from '../events.ts';

/** Clusters named in one Event. */
const namesMax = 16;

/** Why clusters are left out, by their names. Of one that keeps what runs there its work tells that it is not changed. */
const leftOut = (explained: KeptExplanation | undefined): ReadonlyMap<string, string> =>
  new Map(
    (explained === undefined ? [] : explanationRows(explained)).flatMap(({ cluster, eligible, reason, message }) =>
      reason === 'override' && !eligible ? [[cluster, message] as const] : [],
    ),
  );

/** One Event for each fault of an override that leaves out a cluster which it did not leave out before. */
export const misfitEvents = (
  {
    policy: { overrides },
    before,
  }: { readonly policy: CompiledPolicy; readonly before: { readonly status?: StoredPlacementStatus } | undefined },
  { explained }: Decision,
): readonly EventText[] => {
  if (!overrides.some(({ patch }) => patch !== undefined)) return [];
  const out = leftOut(explained);
  const known = leftOut(before?.status === undefined ? undefined : explainedIn(before.status));
  const news = [...out].filter(([cluster, message]) => known.get(cluster) !== message);
  return [...new Set(news.map(([, message]) => message))].map((message) => {
    const clusters = [...out].flatMap(([cluster, said]) => (said === message ? [cluster] : []));
    return { type: 'Warning', reason: 'OverrideMisfit', message: `not placed in ${listed(clusters, namesMax)}: ${message}` };
  });
};
