/** @module What detectors say of the silences of a cluster: rightly suspected, held back, or nothing. */
import { expect, test } from 'vitest';
import { prng } from '../lib/prng.ts';
import { hubName, type Member, type Membership, type MeshMessage } from '../wire/mesh.ts';
import { shadowsOf, step } from './detector.ts';
import { tickEveryMs } from './profile.ts';
import { type DetectorEffect, type DetectorEvent, newDetector } from './state.ts';

const names = ['a', 'b', 'c', 'x'];
const member = (name: string): Member => ({
  ...{ name, role: 'Cluster', publicKey: name, addresses: [], domain: name, capacity: 1_000 },
  probes: [{ role: 'Gateway', url: `http://${name}/` }],
});
const membershipOf = (automatic: boolean): Membership => ({
  ...{ v: 1, from: hubName, bootId: 'h', seq: 1, sentMs: 0, kind: 'members', epoch: 1, members: names.map(member) },
  policy: {
    ...{ profile: 'fast', automatic, domainsMin: 2, clustersPercentMax: 40, capacityPercentMax: 50, windowMs: 600_000 },
    ...{ survivorsMin: 1, holdDownMs: 1_000, holdDownMsMax: 1_000, halfLifeMs: 1_000 },
  },
});

/** Four detectors that hear each other; `away` neither speaks nor answers looks. */
const fleet = (automatic: boolean) => {
  let nowMs = 0;
  let away = '';
  const nodes = new Map(
    names.map((name) => {
      const env = { monotonicMs: () => nowMs, random: prng(1, name).next };
      return [name, { state: newDetector(name, `${name}1`, env), env }];
    }),
  );
  const run = (name: string, event: DetectorEvent): void => {
    const node = nodes.get(name);
    if (node === undefined || name === away) return;
    for (const effect of step(node.state, event, node.env)) perform(name, effect);
  };
  const say = (message: MeshMessage, to: 'all' | readonly string[]): void => {
    for (const name of to === 'all' ? names : to) if (name !== message.from) run(name, { type: 'message', channel: 'direct', message });
  };
  const perform = (name: string, effect: DetectorEffect): void => {
    if (effect.type === 'send') say(effect.message, effect.to);
    if (effect.type !== 'probe') return;
    const { target, id, address } = effect;
    run(name, { type: 'probed', target, url: address.url, id, isAnswered: target !== away, tookMs: 1 });
  };
  say(membershipOf(automatic), 'all');
  return {
    pass: (forMs: number, without = ''): void => {
      away = without;
      for (const untilMs = nowMs + forMs; nowMs < untilMs; nowMs += tickEveryMs) for (const name of names) run(name, { type: 'tick' });
    },
    /** What `a` counts of `x` by the profile in force. */
    counted: () => {
      const state = nodes.get('a')?.state;
      return state === undefined ? undefined : shadowsOf(state).find(({ target, profile }) => target === 'x' && profile === 'fast');
    },
  };
};

test('a death that the policy leaves to a person was rightly suspected, and is counted apart', () => {
  const { pass, counted } = fleet(false);
  pass(5_000);
  pass(4_000, 'x');
  pass(2_000);
  expect(counted()).toMatchObject({ suspicions: 1, falseSuspicions: 0, heldSuspicions: 1, deaths: 0 });
});

test('a death that comes into force is neither held nor false', () => {
  const { pass, counted } = fleet(true);
  pass(5_000);
  pass(4_000, 'x');
  pass(2_000);
  expect(counted()).toMatchObject({ suspicions: 1, falseSuspicions: 0, heldSuspicions: 0, deaths: 1 });
});
