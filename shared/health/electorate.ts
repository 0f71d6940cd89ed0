/**
 * @module Who votes on a target. Whom the observers have agreed to be gone and the hub has given up is no part of a majority any more: else the
 * dead would keep later deaths from being found, and returns from being seen. It takes both: the agreement of a majority of those that counted
 * until then, so that a minority which is cut off never makes itself a majority, and the hub's signed word, so that no passing silence does.
 * Each majority is thus one of the last (dynamic voting, Jajodia and Mutchler 1990).
 */
import { hubName, type Member } from '../wire/mesh.ts';
import type { DetectorState, Subject } from './state.ts';
import type { Electorate } from './tally.ts';

/** With fewer the hub is a witness, where it may be one. */
const votersMin = 2;

/** The failure domain of each by name. */
export const domainsByName = (voters: readonly Member[]): Electorate => new Map(voters.map(({ name, domain }) => [name, domain]));

/** True where the dead among the observers may leave too few, so that the hub has to look too. */
export const mayNeedHub = (observers: readonly Member[]): boolean => observers.filter(({ isLost }) => isLost !== true).length < votersMin;

const isGone = (subject: Subject | undefined): boolean => {
  const { cause, phase } = subject?.standing ?? {};
  return phase === 'Standing' && (cause === 'Cluster' || cause === 'Silent');
};

type Known = Pick<DetectorState, 'electorates' | 'membership' | 'lost' | 'subjects'>;

/** Those who vote on a target, or on the broker. */
export const electorateOf = ({ electorates, membership, lost, subjects }: Known, target: string): Electorate => {
  const all: Electorate = electorates.get(target) ?? new Map();
  const gone = new Set(lost.filter((name) => isGone(subjects.get(name))));
  if (gone.size === 0) return all;
  const left = new Map([...all].filter(([name]) => !gone.has(name)));
  const hub = left.size < votersMin && target !== hubName ? membership?.members.find(({ name }) => name === hubName) : undefined;
  return hub === undefined ? left : left.set(hub.name, hub.domain);
};
