/** @module What holds now about a placed object, asked of the hub: a decision ages from the moment at which it is written. */
import { type ExplanationRow, type Placement, type PlanReviewSpec, sharesOnly } from '../../shared/api/index.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { sameJson } from '../../shared/lib/same-json.ts';

const planReviews = { group: 'hanse.dev', version: 'v1alpha1', resource: 'planreviews' };

/** A decision that would be made now. */
export type DecisionNow = Pick<Placement, 'spec' | 'status'>;

/** What the hub answers, or why there is only what was decided before. */
export type Now = { readonly decision: DecisionNow } | { readonly missing: string };

/** Asks the hub what it would decide now; whatever keeps it from answering is told. */
export const askNow = async (client: KubeClient, { spec: { workload } }: Pick<Placement, 'spec'>): Promise<Now> => {
  const spec: PlanReviewSpec = { explain: workload };
  try {
    const made = await client.create(planReviews, { apiVersion: 'hanse.dev/v1alpha1', kind: 'PlanReview', metadata: { name: '' }, spec });
    const { decision } = (made.status ?? {}) as { readonly decision?: DecisionNow };
    return decision === undefined ? { missing: 'nothing is decided about it any more' } : { decision };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.reason === 'Forbidden')
      return { missing: 'what holds now is for those who may create planreviews.hanse.dev (ClusterRole hanse:planner)' };
    return { missing: `the hub did not tell what holds now: ${error.message}` };
  }
};

/** A row as it is now, with what the decision gave; `then` = why it said so, where that holds no more. */
export type RowNow = ExplanationRow & { readonly then?: string };

const whyOf = ({ reason, message }: ExplanationRow): string => (message === '' ? reason : message);

/** Room comes and goes by itself: of a cluster that may take replicas only the term that binds counts. */
const isSameStanding = (a: ExplanationRow, b: ExplanationRow): boolean =>
  a.eligible === b.eligible && (a.eligible ? a.reason === b.reason : whyOf(a) === whyOf(b));

const thenOf = (then: ExplanationRow | undefined, now: ExplanationRow): string => {
  if (then === undefined) return 'not there';
  if (isSameStanding(then, now)) return '';
  return then.eligible && !now.eligible ? 'it was eligible' : whyOf(then);
};

/** The rows of a decision as they are now: whether a cluster may take replicas, how many more and why, beside what it had and got. */
export const rowsNow = (decided: readonly ExplanationRow[], { status }: DecisionNow): RowNow[] => {
  const known = new Map(decided.map((row) => [row.cluster, row]));
  const rows = (status?.explanation ?? []).map((now): RowNow => {
    const { share: _, ...rest } = now;
    const before = known.get(now.cluster);
    const then = thenOf(before, now);
    return {
      ...rest,
      before: before?.before ?? 0,
      got: before?.got ?? 0,
      ...(before?.share === undefined ? {} : { share: before.share }),
      ...(then === '' ? {} : { then }),
    };
  });
  const there = new Set(rows.map(({ cluster }) => cluster));
  const gone = decided.filter(({ cluster, got }) => got > 0 && !there.has(cluster));
  return [
    ...rows,
    ...gone.map(({ cluster, before, got }) => ({ cluster, eligible: false, reason: '', message: 'the cluster is gone', before, got })),
  ];
};

const placedText = ({ clusters }: Placement['spec']): string =>
  clusters.map(({ name, replicas }) => (replicas === undefined ? name : `${name}=${replicas}`)).join(', ') || 'nothing';

/** Set where the hub would decide otherwise now: it is about to. */
export const otherwiseText = (placement: Pick<Placement, 'spec' | 'status'>, now: DecisionNow): string | undefined => {
  const isSame =
    sameJson(sharesOnly(placement.spec.clusters), sharesOnly(now.spec.clusters)) && placement.status?.unplaced === now.status?.unplaced;
  return isSame ? undefined : `a decision now would place ${placedText(now.spec)}: ${now.status?.message ?? ''}`;
};
