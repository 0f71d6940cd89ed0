/** @module What somebody recorded on the wire and sends again: it proves nothing to an observer that began anew since. */
import { expect, test } from 'vitest';
import { prng } from '../lib/prng.ts';
import { hubName, type Member, type Membership, type MeshMessage } from '../wire/mesh.ts';
import { step } from './detector.ts';
import { tickEveryMs } from './profile.ts';
import { type DetectorEffect, type DetectorEnv, type DetectorState, newDetector } from './state.ts';

const member = (name: string): Member => ({
  name,
  role: 'Cluster',
  publicKey: name,
  addresses: [],
  domain: name,
  capacity: 1_000,
  probes: [],
});
const membership: Membership = {
  ...{ v: 1, from: hubName, bootId: 'h', seq: 1, sentMs: 0, kind: 'members', epoch: 1, members: ['a', 'b'].map(member) },
  policy: {
    ...{ profile: 'fast', automatic: true, domainsMin: 2, clustersPercentMax: 40, capacityPercentMax: 50, windowMs: 600_000 },
    ...{ survivorsMin: 1, holdDownMs: 1_000, holdDownMsMax: 1_000, halfLifeMs: 1_000 },
  },
};

type Observer = { readonly state: DetectorState; readonly env: DetectorEnv };
let nowMs = 0;
const start = (name: string, boot: string): Observer => {
  const env = { monotonicMs: () => nowMs, random: prng(1, boot).next };
  const state = newDetector(name, boot, env);
  step(state, { type: 'message', channel: 'direct', message: membership }, env);
  return { state, env };
};
const tell = ({ state, env }: Observer, message: MeshMessage): MeshMessage[] =>
  sent(step(state, { type: 'message', channel: 'direct', message }, env));
const sent = (effects: readonly DetectorEffect[]): MeshMessage[] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []));

test('an answer to an observer that began anew since does not make a dead cluster live', () => {
  const first = start('a', 'a1');
  const b = start('b', 'b1');
  const recorded: MeshMessage[] = [];
  for (const untilMs = nowMs + 5_000; nowMs < untilMs; nowMs += tickEveryMs) {
    const said = sent(step(b.state, { type: 'tick' }, b.env));
    const answers = said.flatMap((message) => tell(first, message)).flatMap((question) => tell(b, question));
    for (const answer of answers) tell(first, answer);
    recorded.push(...said, ...answers);
  }
  expect(first.state.peers.get('b')?.boot).toBe('b1');
  expect(recorded.filter(({ kind }) => kind === 'answer')).not.toEqual([]);

  // Now b is dead, and somebody sends again what it said, as often as a asks.
  const again = start('a', 'a2');
  for (const message of recorded) {
    nowMs += tickEveryMs;
    step(again.state, { type: 'tick' }, again.env);
    tell(again, message);
    for (const answer of recorded) if (answer.kind === 'answer') tell(again, answer);
  }
  expect(again.state.peers.get('b')?.candidate).toBeDefined();
  expect(again.state.peers.get('b')).toMatchObject({ boot: undefined, heardMs: undefined });
});

test('a question that is sent again is refused, and takes no answer from the next one', () => {
  const b = start('b', 'b1');
  const head = { v: 1 as const, from: 'a', sentMs: 0, kind: 'ask' as const, to: 'b', about: 'b' };
  const asks = (bootId: string, toBoot: string, from: number, count: number): MeshMessage[] =>
    Array.from({ length: count }, (_, at) => ({ ...head, bootId, toBoot, seq: from + at, nonce: from + at }));
  const hearAll = (messages: readonly MeshMessage[], channel: 'direct' | 'broker' = 'direct') => {
    const effects = messages.flatMap((message) => step(b.state, { type: 'message', channel, message }, b.env));
    return {
      answers: sent(effects).filter(({ kind }) => kind === 'answer').length,
      refused: effects.flatMap((effect) => (effect.type === 'refused' ? [effect.reason] : [])),
    };
  };
  const [ended = [], once = [], next = []] = [asks('a0', 'b0', 1, 100), asks('a1', 'b1', 1, 1), asks('a1', 'b1', 2, 1)];

  // What was asked of a life of b that has ended, by whichever of a.
  expect(hearAll(ended)).toEqual({ answers: 0, refused: ended.map(() => 'OldBoot') });
  // The copy over the other channel is no second question.
  expect(hearAll(once)).toEqual({ answers: 1, refused: [] });
  expect(hearAll(once, 'broker')).toEqual({ answers: 0, refused: [] });
  const again = Array.from({ length: 100 }, () => once).flat();
  expect(hearAll(again, 'broker')).toEqual({ answers: 0, refused: again.map(() => 'Replayed') });
  expect(hearAll(next)).toEqual({ answers: 1, refused: [] });
  // However many are remembered, none of them counts twice.
  nowMs += 1_000;
  const many = Array.from({ length: 20 }, (_, second) => asks('a1', 'b1', 100 + 30 * second, 30));
  for (const some of many) {
    expect(hearAll(some)).toEqual({ answers: 30, refused: [] });
    nowMs += 1_000;
  }
  expect(hearAll([...once, ...many.flat()]).answers).toBe(0);
});
