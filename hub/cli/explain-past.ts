/** @module `hanse explain --history` and `--at`: the decisions of the past about an object, and one of them with its reasons. */
import { decisionsDefault, type PastDecision, type PlacementHistorySpec, type PlacementHistoryStatus } from '../../shared/api/index.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { type CliContext, UsageError } from './context.ts';
import type { ExplainOptions } from './explain.ts';
import { explanationLines } from './explanation-text.ts';
import { tableLines } from './table.ts';

const placementHistories = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementhistories' };

/** The object that is asked about, its kind in lower case; `placement` is the name of its Placement, absent when it has none now. */
export type PastTarget = { readonly kind: string; readonly name: string; readonly placement: string | undefined };

/** `--at` in its parts. @throws UsageError */
export const momentOf = (at: string | undefined): Pick<PlacementHistorySpec, 'time' | 'revision'> => {
  if (at === undefined) return {};
  if (/^[1-9]\d{0,15}$/.test(at)) return { revision: Number(at) };
  if (Number.isNaN(Date.parse(at)) || !/^\d{4}-/.test(at))
    throw new UsageError(`--at ${at}: write a time such as 2030-01-31T12:00:00Z, or a REVISION that --history shows`);
  return { time: at };
};

const ask = async (client: KubeClient, namespace: string, spec: PlacementHistorySpec): Promise<PlacementHistoryStatus> => {
  const asked = { apiVersion: 'hanse.dev/v1alpha1', kind: 'PlacementHistory', metadata: { name: '', namespace }, spec };
  try {
    const { status } = await client.create(placementHistories, asked);
    return status as PlacementHistoryStatus;
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Invalid') throw new UsageError(error.message);
    throw error;
  }
};

const placedText = ({ clusters, deleted }: PastDecision): string => {
  if (deleted === true) return 'deleted';
  return clusters.map(({ name, replicas }) => (replicas === undefined ? name : `${name}=${replicas}`)).join(' ') || 'nowhere';
};

/** The lines of `--history`: a row for each decision, under it one for each further change. */
export const historyLines = ({ decisions, more }: PlacementHistoryStatus, target: string): string[] => {
  const rows = decisions.flatMap((decision) => {
    const { time, revision, replicas, unplaced, changes, message } = decision;
    const [first = message, ...rest] = changes;
    return [
      [time, String(revision), placedText(decision), String(replicas ?? ''), String(unplaced ?? ''), first],
      ...rest.map((change) => ['', '', '', '', '', change]),
    ];
  });
  return [
    ...tableLines(['TIME', 'REVISION', 'PLACED', 'WANTED', 'UNPLACED', 'WHAT CHANGED'], rows),
    '',
    ...(more === true ? ['there are older ones: ask for more with --limit, or for those before a time with --history --at TIME'] : []),
    `one of them with its reasons: hanse explain ${target} --at REVISION`,
  ];
};

/** Prints the decisions of the past, or the one that held at a moment. @throws UsageError when there is none. */
export const explainPast = async (
  context: Pick<CliContext, 'print'>,
  client: KubeClient,
  target: PastTarget,
  { namespace, history, limit, at, output }: ExplainOptions,
): Promise<void> => {
  const moment = momentOf(at);
  const wanted = history === true ? { limit: limit ?? decisionsDefault } : { limit: 1, whole: true };
  // The Placement of an object that is gone had the name that those of its kind have.
  const placement = target.placement ?? `${target.name}-${target.kind}`;
  const told = await ask(client, namespace, { placement, ...moment, ...wanted });
  const [newest] = told.decisions;
  if (newest === undefined) {
    const when = at === undefined ? '' : ` up to ${at}`;
    throw new UsageError(`no decision about ${target.kind}/${target.name} in namespace ${namespace}${when} is kept`);
  }
  if (output === 'json') context.print(JSON.stringify(told, null, 2));
  else for (const line of linesOf(told, newest, target, history === true)) context.print(line);
};

const linesOf = (told: PlacementHistoryStatus, newest: PastDecision, { kind, name }: PastTarget, isList: boolean): readonly string[] => {
  if (isList) return historyLines(told, `${kind}/${name}`);
  const head = `decided ${newest.time}, revision ${newest.revision}`;
  if (newest.deleted === true || told.placement === undefined) return [`${head}: ${newest.message}`];
  return [head, ...newest.changes.map((change) => `  ${change}`), '', ...explanationLines(told.placement)];
};
