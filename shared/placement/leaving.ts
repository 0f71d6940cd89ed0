/** @module What a workload without room waits for: replicas that are on their way out of the clusters it may run in. */
import { type ExplanationRow, explanationRows } from '../api/index.ts';
import { listed } from '../lib/listed.ts';
import type { Decision } from './model.ts';

/** Workloads that are named; the rest is counted. */
const namedMax = 3;

const [lead, end] = ['; waits for replicas of ', ' to leave'];

/** `; waits for replicas of low in a to leave`; '' where all is placed, or nothing leaves where room is short. `leavingFrom` names workloads by cluster. */
export const waitingText = ({ reason, explained }: Decision, leavingFrom: (cluster: string) => readonly string[]): string => {
  if (reason !== 'Unplaced' && reason !== 'AllOrNothing') return '';
  const isShort = ({ eligible, fits, refusals = {} }: ExplanationRow): boolean =>
    eligible && fits === 0 && Object.keys(refusals).length > 0;
  const told = explanationRows(explained).flatMap((row) =>
    isShort(row) ? leavingFrom(row.cluster).map((name) => `${name} in ${row.cluster}`) : [],
  );
  return told.length === 0 ? '' : `${lead}${listed(told, namedMax)}${end}`;
};

/** What a message says of it: once nothing leaves any more, it is no longer true. */
export const waitingIn = (message = ''): string => {
  const at = message.indexOf(lead);
  return at < 0 ? '' : message.slice(at, message.indexOf(end, at));
};
