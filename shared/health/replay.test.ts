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
