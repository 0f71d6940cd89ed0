/** @module Which number of decisions a detector goes by: what more than half of the members have reached. */
import { expect, test } from 'vitest';
import { hubName, type Membership, type MeshMessage } from '../wire/mesh.ts';
import { step } from './detector.ts';
import { newDetector } from './state.ts';

const list = (epoch: number, names: readonly string[]): Membership => ({
  ...{ v: 1, from: hubName, bootId: 'h', seq: epoch, sentMs: 0, kind: 'members', epoch },
  members: names.map((name) => ({
    ...{ name, role: 'Cluster', publicKey: name, addresses: [], domain: name, capacity: 1_000, probes: [] },
  })),
  policy: {
    ...{ profile: 'fast', automatic: true, domainsMin: 2, clustersPercentMax: 40, capacityPercentMax: 50, windowMs: 600_000 },
    ...{ survivorsMin: 1, holdDownMs: 1_000, holdDownMsMax: 1_000, halfLifeMs: 1_000 },
  },
});

test('a number that two of five show is believed when members leave and the two are a majority', () => {
  const env = { monotonicMs: () => 0, random: () => 0 };
  const state = newDetector('me', 'b', env);
  const tell = (message: MeshMessage): void => {
    for (const effect of step(state, { type: 'message', channel: 'direct', message }, env)) {
      // A life proves itself by an answer.
      if (effect.type !== 'send' || effect.message.kind !== 'ask') continue;
      const { nonce, about } = effect.message;
      tell({ v: 1, from: about, bootId: 'b', seq: 1, sentMs: 0, kind: 'answer', to: 'me', about, nonce });
    }
  };
  const beat = (from: string, seq: number): void =>
    tell({ v: 1, from, bootId: 'b', seq, sentMs: 0, kind: 'beat', epoch: 7, self: { api: true, broker: true } });

  tell(list(1, ['me', 'v', 'x', 'y', 'z']));
  for (const seq of [1, 2]) for (const from of ['x', 'y']) beat(from, seq);
  expect(state.epoch).toBe(0);
  tell(list(2, ['me', 'x', 'y']));
  expect(state.epoch).toBe(7);
});
