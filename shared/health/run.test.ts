/** @module What the loop around the detector says to the hub: what was refused, and that the hub is behind. */
import { expect, test } from 'vitest';
import { silentLog } from '../lib/index.ts';
import { hubName, type Membership, type MeshBallot, type MeshOutage } from '../wire/mesh.ts';
import { openPacket, sealPacket } from '../wire/mesh-packet.ts';
import type { DetectorMemory } from './memory.ts';
import { observersOf } from './observers.ts';
import { startWatch, type Watch, type WatchPorts } from './run.ts';

/** A signature by a key of one letter. */
const signAs = (key: string) => () => new Uint8Array(64).fill(key.charCodeAt(0));
const verify = (key: string, _: Uint8Array, signature: Uint8Array): boolean => signature[0] === key.charCodeAt(0);

/** Watches on one clock that is moved by hand, and what each of them publishes. */
const bench = () => {
  let nowMs = 0;
  const timers: { atMs: number; run: () => void }[] = [];
  const setTimer = (afterMs: number, run: () => void) => {
    const timer = { atMs: nowMs + afterMs, run };
    timers.push(timer);
    return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
  };
  const env = { nowMs: () => nowMs, monotonicMs: () => nowMs, random: () => 0, uuid: () => '', setTimer, log: silentLog };
  const start = (name: string, key: string, more: Partial<Pick<WatchPorts, 'look' | 'memory'>> = {}) => {
    const published: { readonly subject: string; readonly packet: Uint8Array }[] = [];
    const watch = startWatch({
      ...{ name, bootId: `${name}-1`, env, sign: signAs(key), verify, hubKey: () => 'H' },
      publish: (subject, packet) => published.push({ subject, packet }),
      sendDirect: () => undefined,
      look: async () => ({ isAnswered: false, isWild: false, tookMs: 0, openedMs: undefined }),
      ...more,
    });
    /** Others are there, and are believed: they answer what they are asked. */
    const hears = (others: readonly string[]): void => {
      for (const other of others) watch.hear('direct', beatPacket(other, other.toUpperCase()));
      for (const { packet } of published.splice(0)) {
        const asked = openPacket(packet, { keyOf: () => key, verify });
        if (!asked.ok || asked.message.kind !== 'ask') continue;
        const { about, nonce } = asked.message;
        const answer = { v: 1, from: about, bootId: `${about}-1`, seq: 2, sentMs: 0, kind: 'answer', to: name, about, nonce } as const;
        watch.hear('direct', sealPacket(answer, signAs(about.toUpperCase())) ?? new Uint8Array());
      }
    };
    return { watch, published, hears };
  };
  const pass = (ms: number): void => {
    for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 10)
      for (const due of timers.filter(({ atMs }) => atMs <= nowMs)) timers.splice(timers.indexOf(due), 1)[0]?.run();
  };
  return { start, pass, waiting: () => timers.length };
};

test('an agent tells the hub how much it has refused, of whom and why', () => {
  const { start, pass, waiting } = bench();
  const { watch, published } = start('a', 'A');
  for (let at = 0; at < 1_000; at++) watch.hear('direct', new Uint8Array(100));
  watch.refusals.refuse({ cluster: 'b', subject: 'mesh broker', reason: 'Replayed', message: 'beat 1 after beat 99' });
  pass(30_010);
  const told = published.map(({ packet }) => openPacket(packet, { keyOf: () => 'A', verify }));
  const refused = [
    { cluster: '', reason: 'NotPacket', count: 1_000 },
    { cluster: 'b', reason: 'Replayed', count: 1 },
  ];
  expect(told).toMatchObject([{ ok: true, message: { kind: 'shadows', from: 'a', refused } }]);
  watch.stop();
  expect(waiting()).toBe(0);
});

const list = (epoch: number, names: readonly string[] = ['a', 'b']): Membership => ({
  ...{ v: 1, from: hubName, bootId: 'h', seq: epoch, sentMs: 0, kind: 'members', epoch },
  members: names.map((name) => ({
    ...{ name, role: 'Cluster', publicKey: name.toUpperCase(), addresses: [], domain: name, capacity: 1_000, probes: [] },
  })),
  policy: {
    ...{ profile: 'fast', automatic: true, domainsMin: 2, clustersPercentMax: 40, capacityPercentMax: 50, windowMs: 600_000 },
    ...{ survivorsMin: 1, holdDownMs: 1_000, holdDownMsMax: 1_000, halfLifeMs: 1_000 },
  },
});
const listPacket = (epoch: number, key: string): Uint8Array => sealPacket(list(epoch), signAs(key)) ?? new Uint8Array();
const beatPacket = (from: string, key: string, seq = 1): Uint8Array => {
  const head = { v: 1, from, bootId: `${from}-1`, seq, sentMs: 0, kind: 'beat' } as const;
  return sealPacket({ ...head, epoch: 0, self: { api: true, broker: true }, members: 9_999 }, signAs(key)) ?? new Uint8Array();
};

test('a flood of invented names counts as one, and hides nothing that is refused of members', () => {
  const { start, waiting } = bench();
  const { watch } = start('a', 'A');
  watch.hear('broker', listPacket(1, 'H'));
  const timers = waiting();
  for (let at = 0; at < 1_000; at++) watch.hear('direct', beatPacket(`x${at}`, '?'));
  watch.hear('direct', beatPacket('b', '?'));
  watch.hear('direct', beatPacket(hubName, '?'));
  expect([...watch.refusals.counts()]).toEqual([
    ['@strangers/Stranger', 1_000],
    ['b/BadSignature', 1],
    ['@hub/BadSignature', 1],
  ]);
  expect(waiting()).toBe(timers + 1);
});

test('a hub that was started on an older copy learns the number of its newest list from the list itself, and of no member by its word', () => {
  const { start, pass } = bench();
  const [hub, a] = [start(hubName, 'H'), start('a', 'A')];
  hub.watch.hear('broker', listPacket(12, 'H'));
  a.watch.hear('broker', listPacket(30, 'H'));
  hub.watch.hear('broker', beatPacket('b', 'B'));
  hub.watch.hear('broker', listPacket(9_999, 'B'));
  expect(hub.watch.membership()?.epoch).toBe(12);

  const shown = () => a.published.filter(({ subject }) => subject === `hanse.mesh.a.to.${hubName}`).map(({ packet }) => packet);
  for (let at = 0; at < 100; at++) a.watch.hear('broker', listPacket(12, 'H'));
  expect(shown()).toEqual([listPacket(30, 'H')]);
  for (const packet of shown()) hub.watch.hear('broker', packet);
  expect(hub.watch.membership()?.epoch).toBe(30);
  // One that was lost on its way is shown again.
  pass(5_010);
  const before = shown().length;
  a.watch.hear('broker', listPacket(13, 'H'));
  expect(shown().slice(before).at(-1)).toEqual(listPacket(30, 'H'));
  for (const { watch } of [hub, a]) watch.stop();
});

test('an agent sees only clusters that it watches, though it has heard others', () => {
  const { start } = bench();
  const { watch, hears } = start('a', 'A');
  const others = Array.from('bcdefghijklmnopqrstuvwxyz');
  const members = list(1, ['a', ...others]);
  watch.hear('broker', sealPacket(members, signAs('H')) ?? new Uint8Array());
  hears(others);
  const watched = others.filter((other) => observersOf(other, members, hubName).some(({ name }) => name === 'a'));
  expect(watched.length).toBeLessThan(others.length);
  expect(others.filter((other) => watch.sightOf(other) !== undefined)).toEqual(watched);
  watch.stop();
});

test('an agent tells the hub of the times in which the others and it held the hub for dead, when they are over', () => {
  const { start, pass } = bench();
  const { watch, published, hears } = start('a', 'A');
  const hub = { name: hubName, role: 'Witness', publicKey: 'H', addresses: [], domain: hubName, capacity: 0, probes: [] } as const;
  const members = list(1, ['a', 'b', 'c']);
  watch.hear('broker', sealPacket({ ...members, members: [...members.members, hub] }, signAs('H')) ?? new Uint8Array());
  hears(['b', 'c']);
  let seq = 2;
  const say = (forMs: number, said: Pick<MeshBallot, 'votes' | 'well'>): void => {
    for (let ms = 0; ms < forMs; ms += 500) {
      seq += 1;
      for (const from of ['b', 'c']) {
        const head = { v: 1, from, bootId: `${from}-1`, seq, sentMs: seq, kind: 'ballot', epoch: 0 } as const;
        watch.hear('direct', sealPacket({ ...head, ...said }, signAs(from.toUpperCase())) ?? new Uint8Array());
      }
      pass(500);
    }
  };
  const told = (): readonly MeshOutage[] =>
    published
      .map(({ packet }) => openPacket(packet, { keyOf: () => 'A', verify }))
      .flatMap((one) => (one.ok && one.message.kind === 'shadows' ? (one.message.outages ?? []) : []));
  const evidence = { direct: 'none', broker: 'lost', helpers: 'none', gateway: 'none', apiServer: 'none' } as const;
  say(5_000, { votes: [{ target: hubName, opinion: 'Hub', silentMs: 2_000, evidence }] });
  const onHub = () => watch.standing().filter(({ target }) => target === hubName);
  expect(onHub()).toMatchObject([{ cause: 'Hub' }]);
  expect(told()).toEqual([]);
  say(3_000, { votes: [], well: [hubName] });
  expect(onHub()).toEqual([]);
  expect(told()).toMatchObject([{ cause: 'Hub', voters: ['b', 'c'], votes: 2, needed: 2, observers: 3 }]);
  const [outage] = told();
  expect((outage?.untilMs ?? 0) - (outage?.sinceMs ?? 0)).toBeGreaterThan(3_000);
  // A hub that was not there yet hears of it later.
  pass(30_000);
  expect(told().slice(1)).toEqual([outage]);
  watch.stop();
});

test('a vote says nothing any more when its voter has ended', () => {
  const { start, pass } = bench();
  const { watch, hears } = start('a', 'A');
  watch.hear('broker', sealPacket(list(1, ['a', 'b', 'c']), signAs('H')) ?? new Uint8Array());
  hears(['b', 'c']);
  const evidence = { direct: 'ok', broker: 'ok', helpers: 'none', gateway: 'lost', apiServer: 'none' } as const;
  const head = { v: 1, from: 'b', bootId: 'b-1', seq: 3, sentMs: 3, kind: 'ballot', epoch: 0 } as const;
  const votes = [{ target: 'c', opinion: 'DataPlane', silentMs: 0, evidence } as const];
  watch.hear('direct', sealPacket({ ...head, votes }, signAs('B')) ?? new Uint8Array());
  const voters = () => watch.votesOn('c').map(({ voter }) => voter);
  pass(4_000);
  expect(voters()).toEqual(['b']);
  pass(2_000);
  expect(voters()).toEqual([]);
  watch.stop();
});

test('a gateway that has answered is kept at once: whoever is started anew loses the cluster by looks of its own, and not before', async () => {
  const { start, pass } = bench();
  const url = 'http://b/';
  const members = list(1, ['a', 'b', 'c']);
  const packet = sealPacket(
    { ...members, members: members.members.map((one) => (one.name === 'b' ? { ...one, probes: [{ role: 'Gateway', url }] } : one)) },
    signAs('H'),
  );
  let kept: DetectorMemory | undefined;
  let isAnswered = true;
  const begin = () => {
    const keep = (memory: DetectorMemory): void => {
      kept = memory;
    };
    const begun = start('a', 'A', { memory: { kept, keep }, look: async () => ({ isAnswered, isWild: false, tookMs: 10, openedMs: 5 }) });
    begun.watch.hear('broker', packet ?? new Uint8Array());
    begun.hears(['b']);
    return begun.watch;
  };
  const first = begin();
  let beats = 1;
  const look = async (watch: Watch): Promise<void> => {
    beats += 1;
    watch.hear('direct', beatPacket('b', 'B', beats));
    pass(350);
    await Promise.resolve();
  };
  await look(first);
  expect(first.reachOf('b')).toBe('Reached');
  first.stop();
  isAnswered = false;
  const second = begin();
  await look(second);
  expect(second.reachOf('b')).toBe('Undecided');
  for (let looks = 1; looks < 4; looks++) await look(second);
  expect(second.reachOf('b')).toBe('Lost');
  second.stop();
});
