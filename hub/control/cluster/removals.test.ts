/** @module Rules of what the hub may give up by its own hearing. */
import { describe, expect, it } from 'vitest';
import type { Cluster, FailoverPolicySpec } from '../../../shared/api/index.ts';
import type { Removal } from '../../../shared/health/index.ts';
import { createDirectory } from './directory.ts';
import { createLedger } from './ledger.ts';
import { createRemovals } from './removals.ts';

/** `cpu` undefined: it has never told its capacity. */
const cluster = (name: string, cpu: number | undefined): Cluster => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name },
  spec: { admission: 'Approved' },
  status: {
    agent: { publicKey: name, sealingKey: '', joinedAt: '2026-01-01T00:00:00Z' },
    ...(cpu === undefined ? {} : { capacity: { allocatable: { cpu }, free: {}, observedAt: '2026-01-01T00:00:00Z' } }),
  },
});

const startWith = (sizes: readonly (number | undefined)[], begun: FailoverPolicySpec = {}) => {
  let nowMs = 0;
  let spec = begun;
  let agreed: readonly Removal[] = [];
  const directory = createDirectory(createLedger(), { nowMs: () => nowMs, monotonicMs: () => nowMs });
  sizes.forEach((cpu, at) => {
    directory.of(`c${at}`).object = cluster(`c${at}`, cpu);
  });
  return {
    ...createRemovals(
      directory,
      () => spec,
      { monotonicMs: () => nowMs, nowMs: () => nowMs },
      [],
      () => agreed,
    ),
    agree: (...names: readonly string[]) => {
      agreed = names.map((name) => ({ name, atMs: nowMs, isOut: true }));
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
    change: (next: FailoverPolicySpec) => {
      spec = next;
    },
    remove: directory.remove,
  };
};

const five = [100_000, 100_000, 100_000, 100_000, 100_000];

describe('the hub gives up', () => {
  it('no more clusters than the share allows, however many fall silent at once', () => {
    const { take } = startWith(five);
    expect([take('c0'), take('c1'), take('c2')]).toEqual([undefined, undefined, 'Clusters']);
  });

  it('one that it has given up before without counting it twice', () => {
    const { take } = startWith(five);
    expect([take('c0'), take('c0'), take('c1')]).toEqual([undefined, undefined, undefined]);
  });

  it('what never had anything without taking the place of others, nor naming it by them', () => {
    const { take, why } = startWith([100_000, 100_000, 100_000, undefined, undefined]);
    expect(['c3', 'c4', 'c0', 'c1'].map(take)).toEqual([undefined, undefined, undefined, 'Clusters']);
    expect(why('c1', 'Clusters')).toMatch(/delete lost Clusters that will not come back, .*; c0 counts while it is lost/);
  });

  it('another when one is well again and the window has passed', () => {
    const { take, giveBack, pass } = startWith(five, { limits: { windowSeconds: 60, clustersPercent: 20 } });
    expect([take('c0'), take('c1')]).toEqual([undefined, 'Clusters']);
    giveBack('c0');
    expect(take('c1')).toBe('Clusters');
    pass(60_000);
    expect(take('c1')).toBeUndefined();
  });

  it('no more capacity than the share allows, but the first in any case', () => {
    const { take } = startWith([900_000, 100_000, 100_000, 100_000, 100_000]);
    expect([take('c0'), take('c1')]).toEqual([undefined, 'Capacity']);
  });

  it('not the last ones that must stay', () => {
    const { take } = startWith([100_000, 100_000], { limits: { minSurvivors: 2 } });
    expect(take('c0')).toBe('Survivors');
  });

  it('nothing of two clusters where the policy lets the hub be no witness, one of three all the same', () => {
    const spec: FailoverPolicySpec = { detection: { witness: 'None' } };
    const pair = [100_000, 100_000];
    expect([startWith(pair, spec), startWith(pair), startWith([...pair, 100_000], spec)].map(({ take }) => take('c0'))).toEqual([
      'NoWitness',
      undefined,
      undefined,
    ]);
  });

  it('no more than it may, and says which field of the policy keeps it, until when, and what to do', () => {
    const { take, why, pass } = startWith(five, { limits: { windowSeconds: 60, clustersPercent: 20 } });
    pass(1_000);
    expect([take('c0'), take('c1')]).toEqual([undefined, 'Clusters']);
    expect(why('c1', 'Clusters')).toContain(
      [
        'Change the policy (FailoverPolicy default: limits.clustersPercent 20, limits.windowSeconds 60), delete lost Clusters that will not come back, or move its replicas yourself:',
        'hanse drain c1; c0 counts while it is lost, and until 1970-01-01T00:01:01Z at least',
      ].join(' '),
    );
    expect(why('c1', 'Survivors')).toContain('limits.minSurvivors');
  });

  it('counts as the voters do: what left the window before it was made longer is over', () => {
    const short = { windowSeconds: 10, clustersPercent: 20 };
    const { take, giveBack, forget, pass, change } = startWith(five, { limits: short });
    expect(take('c0')).toBeUndefined();
    giveBack('c0');
    pass(10_000);
    forget();
    change({ limits: { ...short, windowSeconds: 600 } });
    expect(take('c1')).toBeUndefined();
  });

  it('another when the one that was given up is no member any more', () => {
    const { take, remove } = startWith(five, { limits: { clustersPercent: 20 } });
    expect([take('c0'), take('c1')]).toEqual([undefined, 'Clusters']);
    remove('c0');
    expect(take('c1')).toBeUndefined();
  });

  it('names what is back by that, not as lost', () => {
    const { take, giveBack, why, pass } = startWith(five, { limits: { windowSeconds: 60, clustersPercent: 20 } });
    take('c0');
    giveBack('c0');
    pass(1_000);
    expect(why('c1', 'Clusters')).toMatch(/; c0 is back and counts until 1970-01-01T00:01:00Z$/);
  });

  it('nothing of two clusters without a witness, and blames no limit for it', () => {
    const { take, remove } = startWith([100_000, 100_000, 100_000], { detection: { witness: 'None' }, limits: { clustersPercent: 40 } });
    expect(take('c0')).toBeUndefined();
    expect(take('c1')).toBe('Clusters');
    remove('c2');
    expect(take('c1')).toBe('NoWitness');
  });

  it('no more than the limit leaves beside what the observers have removed, dead gateways too, and what they removed itself', () => {
    const { take, agree, why } = startWith(five);
    agree('c0', 'c1');
    expect([take('c2'), take('c0'), take('c1')]).toEqual(['Clusters', undefined, undefined]);
    expect(why('c2', 'Clusters')).toContain('; c0, c1 count while they are lost');
    agree('c1');
    expect(take('c2')).toBe('Clusters');
  });

  it('nothing where a person decides', () => {
    expect(startWith(five, { mode: 'Manual' }).take('c0')).toBe('Manual');
  });
});
