/** @module Those about whom there is anything to decide. Nearly always there is nobody. */
import { brokerName } from '../wire/mesh.ts';
import type { DetectorState } from './state.ts';

/** Somebody votes about them, or something of them stands, waits or is held back. */
export const openSubjects = (state: Pick<DetectorState, 'votes' | 'ballots' | 'subjects' | 'peers'>): ReadonlySet<string> => {
  const open = new Set<string>();
  const add = (name: string): void => {
    if (name === brokerName || state.peers.has(name)) open.add(name);
  };
  for (const { target } of state.votes) add(target);
  for (const { ballot } of state.ballots.values()) for (const { target } of ballot.votes) add(target);
  for (const { name, standing, waiting, hindered } of state.subjects.values())
    if (standing !== undefined || waiting !== undefined || hindered !== undefined) add(name);
  return open;
};
