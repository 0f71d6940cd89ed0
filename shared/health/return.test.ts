/** @module What a detector makes of a cluster that was dead and beats again. */
import { expect, test } from 'vitest';
import { hubName, type Member, type Membership, type MeshMessage, type MeshVote } from '../wire/mesh.ts';
import { step } from './detector.ts';
import { observersOf } from './observers.ts';
import { beatEveryMs, tickEveryMs } from './profile.ts';
import { type DetectorEffect, newDetector, type Verdict } from './state.ts';

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

/** A detector that hears three others, one of which dies and comes back. */
const observe = (holdDownMs: number) => {
  let nowMs = 0;
  const env = { monotonicMs: () => nowMs, random: () => 0 };
  const state = newDetector('me', 'b', env);
  const verdicts: Verdict[] = [];
  const held: (number | undefined)[] = [];
  const note = (effect: DetectorEffect): void => {
    if (effect.type === 'verdict') verdicts.push(effect.verdict);
    if (effect.type === 'held') held.push(effect.leftMs);
  };
  const tell = (message: MeshMessage): void => {
    for (const effect of step(state, { type: 'message', channel: 'direct', message }, env)) {
      note(effect);
      // A new life proves itself by an answer.
      if (effect.type !== 'send' || effect.message.kind !== 'ask' || effect.message.about !== message.from) continue;
      const { nonce, about } = effect.message;
      tell({ v: 1, from: about, bootId: 'b', seq: 1, sentMs: nowMs, kind: 'answer', to: 'me', about, nonce });
    }
  };
  const say = (from: string, votes: readonly MeshVote[], abstains: boolean): void => {
    const head = { v: 1 as const, from, bootId: 'b', seq: Math.floor(nowMs / beatEveryMs) + 1, sentMs: nowMs, epoch: 0 };
    tell({ ...head, kind: 'beat', self: { api: true, broker: true } });
    if (from !== 'x')
      tell({
        ...head,
        kind: 'ballot',
        ...(abstains ? { votes: [], abstains: 'Stalled' as const } : votes.length > 0 ? { votes } : { votes, well: ['x'] }),
      });
  };
  const pass = (ms: number, isDead: boolean, abstain: (nowMs: number) => boolean = () => false): void => {
    for (const untilMs = nowMs + ms; nowMs < untilMs; nowMs += tickEveryMs) {
      for (const effect of step(state, { type: 'tick' }, env)) note(effect);
      if (nowMs % beatEveryMs !== 0) continue;
      for (const name of ['x', 'y', 'z']) if (name !== 'x' || !isDead) say(name, isDead ? [dead] : [], abstain(nowMs));
    }
  };
  tell({ ...membership, policy: { ...membership.policy, holdDownMs, holdDownMsMax: holdDownMs } });
  pass(20_000, false);
  pass(15_000, true);
  const lose = (...gone: readonly string[]): void =>
    tell({ ...membership, epoch: 2, members: membership.members.filter(({ name }) => !gone.includes(name)) });
  return {
    pass,
    lose,
    held,
    votes: () => state.votes,
    told: () => verdicts.map(({ target, cause, phase }) => `${target} ${cause} ${phase}`),
    deathsMs: () => verdicts.flatMap(({ phase, sinceMs }) => (phase === 'Standing' ? [sinceMs] : [])),
    nowMs: () => nowMs,
  };
};

test('losses of an outage that was found to be a death make nothing gray after the return', () => {
  const { pass, told, votes } = observe(1_000);
  pass(60_000, false);
  expect(told()).toEqual(['x Cluster Standing', 'x Cluster Returning', 'x Cluster Cleared']);
  expect(votes()).toEqual([]);
});

test('the one observer that is left ends the hold-down of a death that it was not alone in finding', () => {
  const { pass, lose, told } = observe(10_000);
  pass(5_000, false);
  lose('y', 'z');
  pass(10_000, false);
  expect(told()).toEqual(['x Cluster Standing', 'x Cluster Returning', 'x Cluster Cleared']);
});

test('observers that are away themselves now and then hold a return up, and do not begin it anew', () => {
  const { pass, told, held } = observe(10_000);
  const returned = ['x Cluster Standing', 'x Cluster Returning'];
  // Half of the time nobody else speaks.
  const isAway = (nowMs: number): boolean => nowMs % 2_000 < 1_000;
  pass(14_000, false, isAway);
  expect(told()).toEqual(returned);
  pass(10_000, false, isAway);
  expect(told()).toEqual([...returned, 'x Cluster Cleared']);
  // The end that was told is put off as it goes on, no more often than every two seconds of it.
  expect(held.length).toBeGreaterThan(1);
  expect(held.length).toBeLessThan(6);
});

test('one that dies again while it is held down is dead since then: what waits for a death waits anew', () => {
  const { pass, told, deathsMs, nowMs } = observe(600_000);
  pass(300_000, false);
  const againMs = nowMs();
  pass(15_000, true);
  expect(told()).toEqual(['x Cluster Standing', 'x Cluster Returning', 'x Cluster Standing']);
  expect(deathsMs()).toEqual([20_000, againMs]);
});

/** One observer of a large federation, and one target that it watches in the first `few` of all and not among all. */
const far = () => {
  let nowMs = 0;
  const env = { monotonicMs: () => nowMs, random: () => 0 };
  const all = Array.from({ length: 40 }, (_, at) => member(`c${at}`));
  const few = all.slice(0, 21);
  const isWatched = (target: string, members: readonly Member[]): boolean =>
    observersOf(target, { members }, hubName).some(({ name }) => name === 'c0');
  const target = few.find(({ name }) => name !== 'c0' && isWatched(name, few) && !isWatched(name, all))?.name ?? '';
  const state = newDetector('c0', 'b', env);
  const opinions = new Set<string | undefined>();
  const head = () => ({ v: 1 as const, from: target, bootId: 'b', seq: Math.floor(nowMs / beatEveryMs), sentMs: nowMs });
  const hear = (message: MeshMessage): void => {
    for (const effect of step(state, { type: 'message', channel: 'direct', message }, env))
      if (effect.type === 'send' && effect.message.kind === 'ask' && effect.to.includes(target) && effect.message.about === target)
        hear({ ...head(), kind: 'answer', to: 'c0', about: target, nonce: effect.message.nonce });
  };
  let epoch = 0;
  return {
    ...{ all, few, opinions },
    goBy: (members: readonly Member[]): void => hear({ ...membership, members, epoch: ++epoch }),
    sleep: (ms: number): void => {
      nowMs += ms;
    },
    pass: (ms: number, beats: boolean): void => {
      for (const endMs = nowMs + ms; nowMs < endMs; nowMs += tickEveryMs) {
        step(state, { type: 'tick' }, env);
        if (beats && nowMs % beatEveryMs === 0) hear({ ...head(), kind: 'beat', epoch: 0, self: { api: true, broker: true } });
        opinions.add(state.peers.get(target)?.opinion);
      }
    },
  };
};

test('one that this observer did not watch for a while is neither silent nor gray when it watches it again', () => {
  const { all, few, opinions, goBy, pass } = far();
  goBy(few);
  pass(10_000, true);
  goBy(all);
  pass(300_000, false);
  goBy(few);
  pass(120_000, true);
  expect(opinions).toEqual(new Set([undefined]));
});

test('an observer that slept for minutes, and missed all beats meanwhile, believes those that come', () => {
  const { few, opinions, goBy, pass, sleep } = far();
  goBy(few);
  pass(10_000, true);
  sleep(300_000);
  pass(5_000, true);
  expect(opinions).toEqual(new Set([undefined]));
});
