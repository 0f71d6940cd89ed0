/** @module A verdict in words does not contradict itself. */
import { expect, test } from 'vitest';
import type { Evidence, Opinion } from '../wire/mesh.ts';
import { verdictText } from './words.ts';

const well: Evidence = { direct: 'ok', broker: 'ok', helpers: 'none', gateway: 'ok', apiServer: 'ok' };
const lost: Evidence = { direct: 'lost', broker: 'lost', helpers: 'lost', gateway: 'lost', apiServer: 'lost' };
const agreed = { voters: ['b', 'c'], domains: 2, needed: 2, observers: 3 };
const vote = (voter: string, opinion: Opinion, evidence: Evidence) => ({ voter, vote: { opinion, evidence } });

test('the evidence is of one who voted for this cause, not of another who sees something else', () => {
  const votes = [vote('a', 'APIServer', well), vote('b', 'DataPlane', { ...well, gateway: 'lost' }), vote('c', 'Cluster', lost)];
  expect(verdictText({ cause: 'Cluster', phase: 'Standing', ...agreed }, votes)).toMatch(/: direct lost, broker lost, .*gateway lost, /);
  expect(verdictText({ cause: 'Cluster', phase: 'Standing', ...agreed }, votes.slice(0, 1))).toMatch(/2 failure domains\)$/);
});

test('a cluster that is seen well again is not said to be dead, nor dead on good evidence', () => {
  for (const cause of ['Cluster', 'DataPlane'] as const) {
    const text = verdictText({ cause, phase: 'Returning', ...agreed }, [vote('b', cause, well)]);
    expect(text).toMatch(/(was dead or cut off, is seen well again|did not answer users, does again)/);
    expect(text).not.toMatch(/gateway ok|neither|does not answer/);
  }
});

test('an API server that does not answer its agent while others reach its address is told as that', () => {
  const text = verdictText({ cause: 'APIServer', phase: 'Standing', ...agreed }, [vote('b', 'APIServer', well)]);
  expect(text).toContain('others may still reach the address');
  expect(text).toContain('address of the API server ok');
});

test('that the agent is well is not said of one that part of the majority holds for dead', () => {
  const text = verdictText({ cause: 'DataPlane', phase: 'Standing', ...agreed }, [
    vote('b', 'DataPlane', lost),
    vote('c', 'Cluster', lost),
  ]);
  expect(text).not.toContain('agent is well');
});
