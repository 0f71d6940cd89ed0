/** @module Where clusters stand is counted by time that passes: whoever sets the clock of a machine moves no request. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Verdict } from '../../shared/health/index.ts';
import { type RuntimeEnv, silentLog } from '../../shared/lib/index.ts';
import { type DrawnSource, recordOf } from '../../shared/traffic/testing.ts';
import type { TrafficSpec } from '../../shared/wire/index.ts';
import type { TrafficWatch } from './away.ts';
import { createStanding, type Standing } from './standing.ts';
import { openTestTraffic, type TestTraffic, three } from './testing/test-traffic.ts';

const verdict: Verdict & { phase: 'Standing' } = {
  target: 'us',
  cause: 'Cluster',
  phase: 'Standing',
  sinceMs: 0,
  epoch: 1,
  voters: [],
  domains: 2,
  needed: 2,
  observers: 3,
};
const holdDownMs = recordOf(three).spec.failback.holdDownMs;

let member: TestTraffic;
let passedMs: number;
let setMs: number;
let dead: boolean;
let lost: boolean;
let gray: boolean;
let abstaining: boolean;
let failback: TrafficSpec['failback'];
let serving: readonly DrawnSource[];
let offering: ReadonlySet<string>;
let members: readonly string[] | undefined;
let standing: Standing;

const watch: TrafficWatch = {
  onVerdict: () => () => undefined,
  standing: () => (dead ? [verdict] : gray ? [{ ...verdict, cause: 'Gray' }] : []),
  abstains: () => abstaining,
  hasHeard: () => true,
  reachOf: (name) => (lost && name === 'ap' ? 'Lost' : 'Unknown'),
  votesOn: () => [],
  membership: () => members && { members: members.map((name) => ({ name })) },
  sightOf: () => ({ opinion: undefined }),
};
const env: RuntimeEnv = {
  nowMs: () => 1_800_000_000_000 + passedMs + setMs,
  monotonicMs: () => passedMs,
  random: () => 0,
  uuid: () => 'x',
  setTimer: () => () => undefined,
  log: silentLog,
};
const begin = (): Standing =>
  createStanding({
    client: member.client,
    env,
    cluster: 'eu',
    watch,
    book: {
      get records() {
        return new Map([['shop/web', recordOf(serving, { failback })]]);
      },
      sources: () => offering,
    },
  });
/** Time passes, and the engine looks now and then. */
const pass = (ms: number): void => {
  for (let left = ms; left > 0; left -= 1_000) {
    passedMs += Math.min(left, 1_000);
    standing.look();
  }
};
const us = () => standing.told('shop/web', recordOf(serving, { failback }).spec).find(({ cluster }) => cluster === 'us');
const percentOfUs = (): number => us()?.percent ?? 100;
const dies = (): void => {
  dead = true;
  pass(1_000);
  dead = false;
};
/** The agent ends, and another begins with what this one has kept. */
const restart = async (): Promise<void> => {
  const waits = us()?.waits ?? '';
  await expect.poll(async () => JSON.stringify((await member.client.get(kept))?.data)).toContain(waits === '' ? 'us' : 'Waiting');
  passedMs = 0;
  standing = begin();
  await standing.load();
};

beforeEach(async () => {
  member = await openTestTraffic();
  [passedMs, setMs, dead, lost, gray, abstaining] = [5_000, 0, false, false, false, false];
  failback = recordOf(three).spec.failback;
  serving = three;
  [offering, members] = [new Set(['ap', 'eu', 'us']), undefined];
  standing = begin();
});
afterEach(() => member.close());

describe.each([3_600_000, -3_600_000])('a clock that is set by %d ms', (byMs) => {
  test('neither shortens nor lengthens the hold-down of a cluster that returned', () => {
    dead = true;
    pass(1_000);
    dead = false;
    pass(1_000);
    setMs = byMs;
    pass(holdDownMs - 1_000);
    expect(percentOfUs()).toBe(0);
    pass(2_000);
    expect(percentOfUs()).toBeGreaterThan(0);
  });

  test('before a restart does not shorten the hold-down that begins anew with it, nor lengthen it', async () => {
    dead = true;
    pass(1_000);
    dead = false;
    pass(1_000);
    await expect.poll(() => member.client.get(kept)).toBeDefined();
    setMs = byMs;
    passedMs = 0;
    standing = begin();
    await standing.load();
    pass(holdDownMs);
    expect(percentOfUs()).toBe(0);
    pass(10_000);
    expect(percentOfUs()).toBeGreaterThan(0);
  });

  test('gives a cluster that was out of reach for a moment its requests back when it would have had them anyway', () => {
    lost = true;
    pass(1_000);
    expect(standing.away().unreachable).toEqual(['ap']);
    lost = false;
    setMs = byMs;
    pass(4_000);
    expect(standing.away().unreachable).toEqual(['ap']);
    pass(2_000);
    expect(standing.away().unreachable).toEqual([]);
  });
});

test('a cluster that was out of reach and has left meanwhile is not out of reach when it joins again', async () => {
  const saved = async (): Promise<unknown> => (await member.client.get(kept))?.data;
  lost = true;
  pass(1_000);
  await expect.poll(saved).toMatchObject({ unreachable: '["ap"]' });
  lost = false;
  offering = new Set(['eu', 'us']);
  members = ['eu', 'us'];
  standing = begin();
  await standing.load();
  pass(1_000);
  await expect.poll(saved).toMatchObject({ unreachable: '[]' });
});

describe('a return', () => {
  test('is none of a cluster that offers the service no more, as after a drain', () => {
    dies();
    serving = three.filter(({ name }) => name !== 'us');
    pass(1_000);
    expect(us()).toBeUndefined();
  });

  test.each(['Automatic', 'Manual'] as const)('(%s) is not cut short by a record in which the cluster offers nothing', (mode) => {
    failback = { ...failback, mode };
    dies();
    pass(2_000);
    serving = three.filter(({ name }) => name !== 'us');
    pass(1_000);
    expect(us()).toBeUndefined();
    serving = three;
    pass(1_000);
    expect(percentOfUs()).toBe(0);
    pass(holdDownMs);
    expect(us()).toMatchObject(mode === 'Manual' ? { percent: 0, waits: 'Release' } : { percent: 10 });
  });

  test('that would be over by now does not hold back what a cluster offers anew', () => {
    dies();
    serving = three.filter(({ name }) => name !== 'us');
    pass(holdDownMs + failback.stepMs * 4 + 6_000);
    serving = three;
    pass(1_000);
    expect(percentOfUs()).toBe(100);
  });

  test('goes one step back for one short trouble that the observers agree on, and on when it is over', () => {
    dies();
    pass(holdDownMs + failback.stepMs + 2_000);
    expect(percentOfUs()).toBe(25);
    gray = true;
    pass(3_000);
    expect(percentOfUs()).toBe(10);
    gray = false;
    pass(failback.stepMs * 9);
    expect(percentOfUs()).toBe(100);
  });

  test('stays where it is while this observer doubts itself, and goes on from there', () => {
    dies();
    pass(holdDownMs + 2_000);
    expect(percentOfUs()).toBe(10);
    abstaining = true;
    pass(failback.stepMs * 9);
    expect(percentOfUs()).toBe(10);
    abstaining = false;
    pass(failback.stepMs / 2);
    expect(percentOfUs()).toBe(10);
    pass(failback.stepMs);
    expect(percentOfUs()).toBe(25);
  });

  test('does not begin while this observer doubts itself', () => {
    dies();
    pass(2_000);
    abstaining = true;
    pass(holdDownMs * 9);
    expect(percentOfUs()).toBe(0);
    abstaining = false;
    pass(holdDownMs);
    expect(percentOfUs()).toBe(10);
  });

  test('that waits after too many setbacks, waits after a restart of the agent as well', async () => {
    failback = { ...failback, setbacksMax: 1 };
    standing = begin();
    dies();
    pass(holdDownMs + 2_000);
    gray = true;
    pass(1_000);
    gray = false;
    expect(us()).toMatchObject({ percent: 0, waits: 'Setbacks' });
    await restart();
    pass(holdDownMs * 3);
    expect(us()).toMatchObject({ percent: 0, waits: 'Setbacks' });
  });

  test('waits for a word of its own, though that for an earlier one is still there and the agent was started anew meanwhile', async () => {
    failback = { ...failback, mode: 'Manual', released: ['us'] };
    standing = begin();
    dies();
    pass(holdDownMs + 2_000);
    expect(us()).toMatchObject({ percent: 0, waits: 'Release' });
    await restart();
    pass(holdDownMs + 10_000);
    expect(us()).toMatchObject({ percent: 0, waits: 'Release', isSpent: true });
  });
});

const kept = { group: '', version: 'v1', resource: 'configmaps', namespace: 'hanse-system', name: 'hanse-agent-traffic' } as const;
