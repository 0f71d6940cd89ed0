/** @module A decision as `hanse explain` tells it: what was placed, and a row for every cluster with what it got and why. */

import { ageText } from '../../shared/api/index.ts';
import type { ApplyFailure, ExplanationRow, Placement } from '../../shared/api/placement.ts';
import type { StayingCluster } from '../../shared/api/staying.ts';
import { type UnreadyCluster, unreadyMax, unreadyText } from '../../shared/api/unready.ts';
import { costText } from './cost-text.ts';
import { type Now, otherwiseText, type RowNow, rowsNow } from './explain-now.ts';
import { fitsText } from './fits-text.ts';
import { tableLines } from './table.ts';

/** A row of the table: the decision on a cluster, what that cluster did not apply of it, and what stays there all the same. */
type Row = RowNow & {
  readonly failures: readonly ApplyFailure[];
  /** True when the object itself is not there as it was decided. */
  readonly isRefused: boolean;
  readonly staying: StayingCluster | undefined;
  /** Replicas that are ready; undefined where all are, or nothing is known. */
  readonly ready: number | undefined;
  /** True when replicas are asked for: room for what has none is no question. */
  readonly isCounted: boolean;
};

/** One column: its head, and its cell in a row. Those marked optional are left out when every cell is empty. */
type Column = { readonly head: string; readonly cell: (row: Row) => string; readonly isOptional?: boolean };

const scoreText = (row: ExplanationRow): string => {
  const scores = row.scores ?? [];
  if (scores.length === 0) return '';
  const sum = scores.reduce((total, { score }) => total + score, 0);
  return `${sum} (${scores.map(({ term, score }) => `${term} ${score > 0 ? '+' : ''}${score}`).join(', ')})`;
};

const stayingHere = ({ replicas }: StayingCluster): string =>
  `${replicas === undefined ? 'it stays' : `${replicas} replica${replicas === 1 ? ' stays' : 's stay'}`} here until another cluster takes ${replicas === undefined || replicas === 1 ? 'it' : 'them'}`;

/** Further replicas, on top of those that are there: not the total. */
const roomText = ({ fits, exact, eligible, isCounted }: Row): string => {
  if (fits === undefined) return eligible && isCounted ? 'unknown' : '';
  return fitsText(fits, exact);
};

/** What was not applied comes first: it is what somebody must mend. */
const whyText = ({ reason, message, failures, staying }: Row): string => {
  const failed = failures.map((failure) => `did not apply ${failure.kind} ${failure.name} (${failure.reason}): ${failure.message}`);
  return [...failed, staying === undefined ? '' : stayingHere(staying), message === '' ? reason : message]
    .filter((text) => text !== '')
    .join('; ');
};

const columns: readonly Column[] = [
  { head: 'CLUSTER', cell: ({ cluster }) => cluster },
  { head: 'ELIGIBLE', cell: ({ eligible }) => (eligible ? 'yes' : 'no') },
  { head: 'TIER', cell: ({ tier }) => tier ?? '' },
  { head: 'SCORE', cell: scoreText, isOptional: true },
  { head: 'PRICE/H', cell: ({ price }) => price ?? '', isOptional: true },
  { head: 'CAN ADD', cell: roomText, isOptional: true },
  { head: 'HAD', cell: ({ before }) => String(before) },
  { head: 'GOT', cell: ({ got, isRefused }) => `${got}${isRefused ? ' (not applied)' : ''}` },
  { head: 'READY', cell: ({ ready }) => (ready === undefined ? '' : String(ready)), isOptional: true },
  { head: 'SHARE', cell: ({ share }) => (share === undefined ? '' : `${share}%`), isOptional: true },
  { head: 'WHY', cell: whyText },
  { head: 'WHEN DECIDED', cell: ({ then }) => then ?? '', isOptional: true },
];

/** Ready replicas of a placed cluster; told of all of them once one has some that are not. */
const readyIn = (status: Placement['status'], { cluster, got }: ExplanationRow, isPlaced: boolean): number | undefined => {
  const unready = status?.unready ?? [];
  if (unready.length === 0 || !isPlaced) return undefined;
  return unready.find(({ name }) => name === cluster)?.ready ?? (unready.length < unreadyMax ? got : undefined);
};

/** Clusters told one by one of replicas that are not ready; the rest is counted. */
const unreadyLinesMax = 20;

const unreadyLines = (unready: readonly UnreadyCluster[] = []): string[] => {
  if (unready.length === 0) return [];
  const rest = unready.length - unreadyLinesMax;
  return ['', ...unready.slice(0, unreadyLinesMax).map(unreadyText), ...(rest > 0 ? [`and replicas on ${rest} more clusters`] : [])];
};

/** What is told beside a decision: what holds at this time, and remarks on the policies, before the table. */
export type Beside = { readonly now?: Now; readonly nowMs: number; readonly remarks: readonly string[] };

/** When it was decided, and of which moment the table is. */
const timeLines = (placement: Placement, { now, nowMs }: Beside): string[] => {
  if (now === undefined) return [];
  const { decidedAt } = placement.status ?? {};
  const decided = decidedAt === undefined ? 'decided at an unknown time' : `decided ${ageText(decidedAt, nowMs)} ago`;
  if ('missing' in now) return [`${decided}, and shown as it was then: ${now.missing}`];
  const otherwise = otherwiseText(placement, now.decision);
  return [`${decided}; what clusters can add and why not more is of now`, ...(otherwise === undefined ? [] : [otherwise])];
};

/** What is asked for; a CronJob starts Jobs in every cluster that has it. */
const askedText = ({ spec: { workload }, status }: Placement): string => {
  if (status?.replicas !== undefined) return `, ${status.replicas} replicas wanted, ${status.unplaced ?? 0} unplaced`;
  return workload.kind === 'CronJob'
    ? ', not divided: each cluster that got it runs all its Jobs (spread over hanse.dev/cluster with maxDomains 1 keeps it in one)'
    : '';
};

/** The lines that `hanse explain` prints for a decision. */
export const explanationLines = (placement: Placement, beside: Beside = { nowMs: 0, remarks: [] }): string[] => {
  const { spec, status } = placement;
  const { workload, policy } = spec;
  const { now } = beside;
  const decided = status?.explanation ?? [];
  const rows = (now === undefined || 'missing' in now ? decided : rowsNow(decided, now.decision)).map((row): Row => {
    const isPlaced = spec.clusters.some(({ name }) => name === row.cluster);
    const staying = status?.staying?.find(({ name }) => name === row.cluster);
    // What the decision itself says of the cluster is told once.
    const isNews = ({ cluster, message }: ApplyFailure): boolean => cluster === row.cluster && !row.message.startsWith(message);
    const failures = isPlaced ? (status?.failures ?? []).filter(isNews) : [];
    const isRefused = failures.some(({ kind, name }) => kind === workload.kind && name === workload.name);
    return { ...row, staying, ready: readyIn(status, row, isPlaced), failures, isRefused, isCounted: status?.replicas !== undefined };
  });
  const shown = columns.filter(({ isOptional, cell }) => isOptional !== true || rows.some((row) => cell(row) !== ''));
  return [
    `${workload.kind} ${workload.namespace === '' ? '' : `${workload.namespace}/`}${workload.name}: ${status?.message ?? 'not decided yet'}`,
    `policy ${policy}${askedText(placement)}`,
    ...(status?.cost === undefined ? [] : [status.cost, ...(status.cost.others ?? [])]).map(costText),
    ...timeLines(placement, beside),
    ...beside.remarks,
    '',
    ...tableLines(
      shown.map(({ head }) => head),
      rows.map((row) => shown.map(({ cell }) => cell(row))),
    ),
    ...unreadyLines(status?.unready),
  ];
};
