/** @module What the looks at a target's addresses say. */
import { expect, test } from 'vitest';
import type { Finding, ProbeAddress } from '../wire/mesh.ts';
import { findingOf, probe, probed } from './probing.ts';
import { newDetector, newPeer } from './state.ts';
import type { Turn } from './turn.ts';

const member = { name: 'x', role: 'Cluster', publicKey: 'UX', addresses: [], domain: 'x', capacity: 1, probes: [] } as const;

/** What is found at an address of `x` after these looks; each is answered, and says whether what does not exist said yes as well. */
const foundAfter = (role: ProbeAddress['role'], looks: readonly { readonly isWild?: boolean }[]): Finding => {
  let nowMs = 0;
  const env = { monotonicMs: () => nowMs, random: () => 0 };
  const turn: Turn = { state: newDetector('a', 'boot', env), nowMs, random: env.random, out: [] };
  const address = { role, url: 'tcp://192.0.2.1:6443' };
  const never = { hasAnswered: false, answeredMs: undefined, isWild: false, failures: 0, startedLateMs: 0, isOut: false };
  const record = { address, ...never, id: 0, startedMs: 0, nextMs: 0, tookMs: [], openedMs: [], recent: [] };
  const peer = { ...newPeer(member), heardMs: 0, probes: [record] };
  turn.state.peers.set('x', peer);
  for (const look of looks) {
    nowMs += 60_000;
    peer.heardMs = nowMs;
    probe({ ...turn, nowMs }, peer);
    probed({ ...turn, nowMs }, { type: 'probed', target: 'x', url: address.url, id: record.id, isAnswered: true, tookMs: 5, ...look });
  }
  return findingOf(peer, role, false);
};

test('an address that opens any port is no sign of life of an API server, also between the looks that ask for it', () => {
  expect(foundAfter('APIServer', [{ isWild: true }, {}])).toBe('none');
  expect(foundAfter('APIServer', [{ isWild: true }, {}, { isWild: false }, {}])).toBe('ok');
});

test('a gateway that answers anything is believed: what users get is what it says', () => {
  expect(foundAfter('Gateway', [{ isWild: true }, {}])).toBe('ok');
});
