/** @module Rules of leases: a taker never begins while a holder may still serve, whatever is lost, late, cut or starts again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prng } from '../lib/prng.ts';
import {
  confirmationsOf,
  grant,
  heldUntilMs,
  newGranter,
  newHolder,
  newTakeover,
  noteAnswer,
  noteAsked,
  notePromise,
  promise,
  takenAtMs,
} from './fencing.ts';
import { neededOf } from './tally.ts';

const times = { fenceMs: 5_000, takeoverMs: 7_000 };
const seeded = { numRuns: 300 };

describe('a lease', () => {
  it.each([2, 3, 4, 5, 6, 7])('of a holder and the promises to a taker share one of %i observers', (observers) => {
    expect(confirmationsOf(observers) + neededOf(observers)).toBeGreaterThan(observers);
  });

  it('is held for as long as the policy says after the question was asked, not after the answer came', () => {
    const holder = newHolder();
    noteAsked(holder, 1, 1_000);
    noteAsked(holder, 2, 1_000);
    noteAnswer(holder, { from: 'b', nonce: 1, isGranted: true, fence: 0 });
    expect(heldUntilMs(holder, ['b', 'c', 'd'], times.fenceMs)).toBe(Number.NEGATIVE_INFINITY);
    noteAnswer(holder, { from: 'c', nonce: 2, isGranted: true, fence: 0 });
    expect(heldUntilMs(holder, ['b', 'c', 'd'], times.fenceMs)).toBe(6_000);
  });

  it('needs nobody where nobody could take over', () => {
    expect(heldUntilMs(newHolder(), ['b'], times.fenceMs)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is not confirmed by an answer to a question that this start did not ask', () => {
    const holder = newHolder();
    noteAnswer(holder, { from: 'b', nonce: 7, isGranted: true, fence: 0 });
    expect(heldUntilMs(holder, ['b', 'c'], times.fenceMs)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('ends when a fence is heard of, and is confirmed again by who knows of it', () => {
    const holder = newHolder();
    const granter = newGranter(0);
    noteAsked(holder, 1, 0);
    noteAnswer(holder, { from: 'b', nonce: 1, ...grant(granter, 'a', holder.fence, 10) });
    expect(heldUntilMs(holder, ['b', 'c'], times.fenceMs)).toBe(5_000);
    expect(promise(granter, 'a', 9, 1_010)).toBe(1_000);
    noteAsked(holder, 2, 2_000);
    noteAnswer(holder, { from: 'b', nonce: 2, ...grant(granter, 'a', holder.fence, 2_010) });
    expect([heldUntilMs(holder, ['b', 'c'], times.fenceMs), holder.fence]).toEqual([Number.NEGATIVE_INFINITY, 9]);
    noteAsked(holder, 3, 3_000);
    noteAnswer(holder, { from: 'b', nonce: 3, ...grant(granter, 'a', holder.fence, 3_010) });
    expect(heldUntilMs(holder, ['b', 'c'], times.fenceMs)).toBe(8_000);
  });

  it('is not taken over before the promises suffice for every membership that the holder may know', () => {
    const takeover = newTakeover('a', 1);
    for (const from of ['d', 'e', 'f', 'g']) notePromise(takeover, from, 60_000, 1_000, times);
    const now = ['b', 'c', 'd', 'e', 'f', 'g'];
    expect(takenAtMs(takeover, [now])).toBe(1_000);
    expect(takenAtMs(takeover, [['b', 'c', 'd'], now])).toBe(Number.POSITIVE_INFINITY);
    expect(takenAtMs(takeover, [])).toBe(Number.POSITIVE_INFINITY);
  });
});

/** One run in virtual time: a holder, its observers, a taker; messages are lost, late and doubled, ways are cut, observers start again, clocks drift. */
const overlaps = (seed: number, observers: number, rule: typeof times = times): boolean => {
  const random = prng(seed, 'lease');
  const names = Array.from({ length: observers }, (_, at) => `o${at}`);
  const rates = new Map(['holder', 'taker', ...names].map((name) => [name, 0.95 + random.next() / 10]));
  let nowMs = 0;
  const clock = (name: string): number => nowMs * (rates.get(name) ?? 1);
  const cut = new Set<string>();
  const kept = new Map<string, [string, number][]>(names.map((name) => [name, []]));
  const granters = new Map(names.map((name) => [name, newGranter(0)]));
  const holder = newHolder();
  const takeover = newTakeover('holder', 100);
  const queue: { atMs: number; run: () => void }[] = [];
  const send = (from: string, to: string, run: () => void): void => {
    if (cut.has(`${from}>${to}`) || random.chance(15)) return;
    for (let copy = 0; copy < (random.chance(10) ? 2 : 1); copy++)
      queue.push({ atMs: nowMs + 1 + random.below(random.chance(5) ? 20_000 : 300), run });
  };
  const fenceFromMs = 3_000 + random.below(20_000);
  let nonce = 0;
  for (; nowMs < 60_000; nowMs += 50) {
    for (const one of queue.filter(({ atMs }) => atMs <= nowMs)) one.run();
    queue.splice(0, queue.length, ...queue.filter(({ atMs }) => atMs > nowMs));
    const [a, b] = [random.pick(['holder', 'taker', ...names]), random.pick(['holder', 'taker', ...names])];
    if (random.chance(4)) cut.add(`${a}>${b}`);
    if (random.chance(2)) cut.delete(`${a}>${b}`);
    if (random.chance(1)) {
      const name = random.pick(names);
      granters.set(name, newGranter(clock(name), kept.get(name)));
    }
    if (nowMs % 1_000 === 0)
      for (const name of names) {
        nonce += 1;
        const question = nonce;
        noteAsked(holder, question, clock('holder'));
        const { fence } = holder;
        send('holder', name, () => {
          const granter = granters.get(name);
          if (granter === undefined) return;
          const answer = grant(granter, 'holder', fence, clock(name));
          send(name, 'holder', () => noteAnswer(holder, { from: name, nonce: question, ...answer }));
        });
      }
    if (nowMs >= fenceFromMs && nowMs % 500 === 0)
      for (const name of names)
        send('taker', name, () => {
          const granter = granters.get(name);
          if (granter === undefined) return;
          const sinceMs = promise(granter, 'holder', 100, clock(name));
          kept.set(name, [...granter.fences]);
          send(name, 'taker', () => notePromise(takeover, name, sinceMs, clock('taker'), rule));
        });
    const serves = holder.fence < 100 && clock('holder') < heldUntilMs(holder, names, rule.fenceMs);
    if (serves && clock('taker') >= takenAtMs(takeover, [names])) return true;
  }
  return false;
};

describe('a takeover', () => {
  it('never begins while the holder may still serve', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 7 }), (seed, observers) => {
        expect(overlaps(seed, observers)).toBe(false);
      }),
      seeded,
    );
  });

  it('would, were it not to wait longer than the holder serves: the runs above notice that', () => {
    const seeds = Array.from({ length: 60 }, (_, seed) => seed);
    expect(seeds.some((seed) => overlaps(seed, 3, { fenceMs: 5_000, takeoverMs: 1_000 }))).toBe(true);
  });
});
