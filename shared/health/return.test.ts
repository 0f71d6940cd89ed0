/** @module What a detector makes of a cluster that was dead and beats again. */
import { expect, test } from 'vitest';
import { hubName, type Member, type Membership, type MeshMessage, type MeshVote } from '../wire/mesh.ts';
import { step } from './detector.ts';
import { beatEveryMs, tickEveryMs } from './profile.ts';
import { newDetector, type Verdict } from './state.ts';

const names = ['me', 'x', 'y', 'z'];
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
  ...{ v: 1, from: hubName, bootId: 'h', seq: 1, sentMs: 0, kind: 'members', epoch: 1, members: names.map(member) },
  policy: {
    ...{
      profile: 'fast',
      automatic: true,
      domainsMin: 2,
      clustersPercentMax: 40,
      capacityPercentMax: 50,
      windowMs: 600_000,
      survivorsMin: 1,
    },
    ...{ holdDownMs: 1_000, holdDownMsMax: 1_000, halfLifeMs: 1_000 },
  },
};
const dead: MeshVote = {
  target: 'x',
  opinion: 'Cluster',
  silentMs: 1_000,
  evidence: { direct: 'lost', broker: 'lost', helpers: 'lost', gateway: 'lost', apiServer: 'lost' },
};

test('losses of an outage that was found to be a death make nothing gray after the return', () => {
  let nowMs = 0;
  const env = { monotonicMs: () => nowMs, random: () => 0 };
  const state = newDetector('me', 'b', env);
  const verdicts: Verdict[] = [];
  const tell = (message: MeshMessage): void => {
    for (const effect of step(state, { type: 'message', channel: 'direct', message }, env)) {
      if (effect.type === 'verdict') verdicts.push(effect.verdict);
      // A new life proves itself by an answer.
      if (effect.type !== 'send' || effect.message.kind !== 'ask' || effect.message.about !== message.from) continue;
      const { nonce, about } = effect.message;
      tell({ v: 1, from: about, bootId: 'b', seq: 1, sentMs: nowMs, kind: 'answer', to: 'me', about, nonce });
    }
  };
  const say = (from: string, votes: readonly MeshVote[]): void => {
    const head = { v: 1 as const, from, bootId: 'b', seq: Math.floor(nowMs / beatEveryMs) + 1, sentMs: nowMs, epoch: 0 };
    tell({ ...head, kind: 'beat', self: { api: true, broker: true } });
    if (from !== 'x') tell({ ...head, kind: 'ballot', votes });
  };
  const pass = (ms: number, isDead: boolean): void => {
    for (const untilMs = nowMs + ms; nowMs < untilMs; nowMs += tickEveryMs) {
      for (const effect of step(state, { type: 'tick' }, env)) if (effect.type === 'verdict') verdicts.push(effect.verdict);
      if (nowMs % beatEveryMs === 0) for (const name of ['x', 'y', 'z']) if (name !== 'x' || !isDead) say(name, isDead ? [dead] : []);
    }
  };
  tell(membership);
  pass(20_000, false);
  pass(15_000, true);
  pass(60_000, false);
  expect(verdicts.map(({ target, cause, phase }) => `${target} ${cause} ${phase}`)).toEqual([
    'x Cluster Standing',
    'x Cluster Returning',
    'x Cluster Cleared',
  ]);
  expect(state.votes).toEqual([]);
});
