/**
 * @module What a Cluster's history keeps: the last verdicts on the cluster, and the last outages of broker and hub that its agent told of. Each
 * has its own room there, so that neither pushes the other out: what deaths have cost is read from it when the hub starts anew. Pure.
 */
import type { ClusterStatus, PastOutage, PastVerdict } from '../../../shared/api/index.ts';
import { timeText } from '../../../shared/lib/time-text.ts';

const verdictsMax = 20;
const outagesMax = 5;

/** True for what is not about the cluster itself. */
export const isOutage = (one: PastVerdict | PastOutage): one is PastOutage => 'id' in one;

/** What of it is about the cluster itself, newest first. */
export const verdictsIn = (status: ClusterStatus | undefined): readonly PastVerdict[] =>
  (status?.verdictHistory ?? []).filter((one) => !isOutage(one));

/** The outages that are known of a cluster, in the order in which they were told; `told`: since this hub began. */
export const outagesIn = (status: ClusterStatus | undefined, told: readonly PastOutage[]): readonly PastOutage[] => {
  const isTold = ({ cause, id }: PastOutage): boolean => told.some((one) => one.cause === cause && one.id === id);
  const kept = (status?.verdictHistory ?? []).filter(isOutage).reverse();
  return [...kept.filter((one) => !isTold(one)), ...told].slice(-outagesMax);
};

/** Both by their times, newest first; neither changes its own order, whatever clocks did. */
const merged = (verdicts: readonly PastVerdict[], outages: readonly PastOutage[]): readonly (PastVerdict | PastOutage)[] => {
  const all: (PastVerdict | PastOutage)[] = [];
  const left = [...verdicts];
  for (const outage of outages) {
    const older = left.findIndex(({ at }) => Date.parse(at) <= Date.parse(outage.at));
    all.push(...left.splice(0, older === -1 ? left.length : older), outage);
  }
  return [...all, ...left];
};

/** What the verdict of now adds to those before it; undefined = it is the newest there already. */
const newsOf = (verdict: ClusterStatus['verdict'], newest: PastVerdict | undefined, nowMs: number): PastVerdict | undefined => {
  const at = timeText(nowMs);
  if (verdict === undefined)
    return newest === undefined || newest.phase === 'Cleared' ? undefined : { cause: newest.cause, phase: 'Cleared', at };
  const { cause, phase = 'Standing', votes, voters, message, epoch } = verdict;
  // After each start of the hub an agent has not been heard for a moment: that is no news.
  const isNews = verdict.by === 'Observers' || cause !== 'Agent';
  if (!isNews || (newest?.cause === cause && newest.phase === phase)) return undefined;
  return {
    ...{ cause, phase, at, message },
    ...(votes === undefined ? {} : { votes }),
    ...(voters === undefined ? {} : { voters }),
    ...(epoch === undefined ? {} : { epoch }),
  };
};

/** The history after `verdict`, the one of now; `told`: outages that were told since this hub began. */
export const historyOf = (
  old: ClusterStatus,
  { verdict }: Pick<ClusterStatus, 'verdict'>,
  told: readonly PastOutage[],
  nowMs: number,
): Pick<ClusterStatus, 'verdictHistory'> => {
  const past = verdictsIn(old);
  const news = newsOf(verdict, past[0], nowMs);
  const verdicts = [...(news === undefined ? [] : [news]), ...past].slice(0, verdictsMax);
  const verdictHistory = merged(verdicts, [...outagesIn(old, told)].reverse());
  return verdictHistory.length === 0 ? {} : { verdictHistory };
};
