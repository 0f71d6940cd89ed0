/** @module What the kubelet's managers let in: the hand-made cases with their known answers. */
import { describe, expect, it } from 'vitest';
import { fitDump } from '../fit-dump.ts';
import { podObject, type TestContainer, type TestManagers, type TestZone, zonedNode } from '../testing-dump.ts';

const times = (count: number, zone: TestZone): TestZone[] => Array.from({ length: count }, () => zone);
const zone = (cpu: number, memoryGi: number, gpu: number): TestZone => ({ cpu, memoryGi, gpu });
/** A Guaranteed container; memory is small where it does not matter. */
const one = (cpu: string, gpu?: number, memory = '1Gi'): TestContainer => ({ cpu, memory, ...(gpu === undefined ? {} : { gpu }) });

const countOf = (zones: readonly TestZone[], managers: TestManagers, containers: readonly TestContainer[], spec: object = {}) => {
  const answer = fitDump(zonedNode('n', zones, managers), podObject(containers, spec));
  if (!answer.ok) throw new Error(answer.message);
  const { total, exact, nodes, refusals } = answer.value;
  return { count: Number(total), exact, bound: nodes[0]?.bound, refusals };
};

describe('one container on zones', () => {
  const table: [rule: string, zones: TestZone[], container: TestContainer, none: number, restricted: number, single: number][] = [
    ['cores that no single zone has any more', times(2, zone(4, 64, 0)), one('3'), 2, 2, 2],
    ['cores and devices together', times(2, zone(32, 256, 4)), one('12', 1), 5, 4, 4],
    ['a narrow request and a wide one have no common mask', times(2, zone(32, 256, 4)), one('10', 6), 1, 0, 0],
    [
      'devices that are free in sum only',
      [
        { ...zone(32, 256, 4), freeCpu: 10, freeGpu: 1 },
        { ...zone(32, 256, 4), freeCpu: 30, freeGpu: 1 },
      ],
      one('8', 2),
      1,
      0,
      0,
    ],
    [
      'cores on one zone and devices on the other',
      [
        { ...zone(32, 256, 4), freeCpu: 2 },
        { ...zone(32, 256, 4), freeCpu: 30, freeGpu: 0 },
      ],
      one('4', 1),
      4,
      0,
      0,
    ],
    ['eight small zones', times(8, zone(16, 64, 1)), one('20', 1), 6, 0, 0],
    ['cores that are not whole are shared', times(2, zone(32, 256, 4)), one('1500m', 1), 8, 8, 8],
  ];
  it.each(table)('%s', (_, zones, container, none, restricted, single) => {
    const counts = ['none', 'best-effort', 'restricted', 'single-numa-node'].map((policy) => countOf(zones, { policy }, [container]));
    expect(counts.map(({ count }) => count)).toEqual([none, none, restricted, single]);
    expect(counts.every(({ exact }) => exact)).toBe(true);
  });

  it('tells that the kubelet refuses what the scheduler would bind', () => {
    expect(countOf(times(2, zone(4, 64, 0)), { policy: 'single-numa-node' }, [one('3')])).toMatchObject({ bound: 'cpu' });
    expect(countOf(times(2, zone(5, 64, 0)), { policy: 'single-numa-node' }, [one('3')])).toMatchObject({ count: 2, bound: 'numa' });
    expect(countOf(times(2, zone(4, 64, 0)), { policy: 'single-numa-node' }, [one('5')])).toMatchObject({
      count: 0,
      refusals: { numa: 1 },
    });
  });

  it('counts a Burstable pod, and CPUs without the static manager, by sums', () => {
    const burstable = { cpu: '3', memory: '1Gi', burstable: true };
    expect(countOf(times(2, zone(4, 64, 0)), { policy: 'single-numa-node' }, [burstable]).count).toBe(2);
    expect(countOf(times(2, zone(5, 64, 0)), { policy: 'single-numa-node' }, [burstable]).count).toBe(3);
    expect(countOf(times(2, zone(5, 64, 0)), { policy: 'single-numa-node', cpuManager: 'none' }, [one('3')]).count).toBe(3);
  });

  it('aligns devices of any pod', () => {
    const zones = times(2, zone(32, 256, 3));
    expect(countOf(zones, { policy: 'single-numa-node' }, [{ cpu: '1', memory: '1Gi', gpu: 2, burstable: true }]).count).toBe(2);
  });

  it('leaves a resource that no zone lists unconstrained', () => {
    const zones = times(2, { cpu: 8, memoryGi: 64 });
    expect(countOf(zones, { policy: 'single-numa-node', memoryManager: 'Static' }, [one('2', undefined, '1Gi')]).count).toBe(8);
    expect(countOf(times(2, { cpu: 8 }), { policy: 'single-numa-node', memoryManager: 'Static' }, [{ cpu: '2' }]).count).toBe(8);
  });
});

describe('several containers on zones', () => {
  it('aligns each alone in container scope, and all together in pod scope', () => {
    const zones = times(2, zone(2, 64, 0));
    const containers = [one('2'), one('1')];
    expect(countOf(zones, { policy: 'single-numa-node', scope: 'container' }, containers).count).toBe(1);
    expect(countOf(zones, { policy: 'single-numa-node', scope: 'pod' }, containers).count).toBe(0);
    expect(countOf(zones, { policy: 'restricted', scope: 'pod' }, containers).count).toBe(1);
    expect(countOf(zones, { policy: 'none', scope: 'pod' }, containers).count).toBe(1);
  });

  it('depends on their order, as the kubelet is greedy', () => {
    const zones = times(2, zone(4, 64, 0));
    const managers: TestManagers = { policy: 'single-numa-node' };
    expect(
      countOf(
        zones,
        managers,
        ['1', '2', '3', '2'].map((cpu) => one(cpu)),
      ).count,
    ).toBe(0);
    expect(
      countOf(
        zones,
        managers,
        ['1', '3', '2', '2'].map((cpu) => one(cpu)),
      ).count,
    ).toBe(1);
  });

  it('sidecars keep what they take', () => {
    const containers: TestContainer[] = [{ role: 'sidecar', cpu: '1', memory: '1Gi', gpu: 8 }, one('1', 8)];
    expect(countOf([zone(32, 256, 8)], { policy: 'single-numa-node' }, containers).count).toBe(0);
    expect(countOf(times(2, zone(32, 256, 8)), { policy: 'single-numa-node' }, containers).count).toBe(1);
  });

  it('cores of an init container must be in the mask of what follows', () => {
    const containers: TestContainer[] = [{ role: 'init', cpu: '1', memory: '1Gi' }, one('26')];
    expect(countOf(times(2, zone(32, 256, 0)), { policy: 'single-numa-node' }, containers).count).toBe(1);
  });

  it('reuse of init cores is not guaranteed', () => {
    const containers: TestContainer[] = [{ role: 'init', cpu: '4', memory: '1Gi' }, one('4')];
    for (const cpuOptions of ['', 'full-pcpus-only=true']) {
      expect(countOf([zone(8, 64, 0)], { cpuOptions, threadsPerCore: 2 }, containers)).toMatchObject({ count: 1, exact: false });
    }
    expect(countOf([zone(4, 64, 0)], {}, containers)).toMatchObject({ count: 1, exact: true });
  });
});

describe('full cores only', () => {
  it('refuses a number of CPUs that is no multiple of threads', () => {
    const managers = { cpuOptions: 'full-pcpus-only=true', threadsPerCore: 2 };
    expect(countOf([zone(8, 64, 0)], managers, [one('3')])).toMatchObject({ count: 0, exact: true, refusals: { numa: 1 } });
    expect(countOf([zone(8, 64, 0)], managers, [one('2')])).toMatchObject({ count: 4, exact: true });
    expect(countOf([zone(8, 64, 0)], { cpuOptions: 'full-pcpus-only=true' }, [one('3')])).toMatchObject({ count: 0, exact: false });
  });
});

describe('memory manager', () => {
  const static_: TestManagers = { memoryManager: 'Static' };
  const two = (free: number, total = 16): TestZone[] => times(2, { cpu: 64, memoryGi: total, freeMemoryGi: free });

  it.each(['none', 'best-effort', 'restricted', 'single-numa-node'])('under %s a zone with single pods joins no group', (policy) => {
    expect(countOf(two(16), { ...static_, policy }, [one('1', undefined, '10Gi')])).toMatchObject({ count: 2, exact: true });
  });

  it('what is bound already is not told: the lowest count', () => {
    expect(countOf(two(14), { ...static_, policy: 'best-effort' }, [one('1', undefined, '15Gi')])).toMatchObject({
      count: 0,
      exact: false,
    });
    expect(countOf(two(14), { ...static_, policy: 'none' }, [one('1', undefined, '17Gi')])).toMatchObject({ count: 0, exact: false });
    expect(countOf(two(14), { ...static_, policy: 'single-numa-node' }, [one('1', undefined, '7Gi')])).toMatchObject({
      count: 4,
      exact: true,
    });
  });

  it('a request wider than a zone takes a group of them', () => {
    expect(countOf(two(16), { ...static_, policy: 'restricted' }, [one('1500m', undefined, '20Gi')])).toMatchObject({
      count: 1,
      exact: true,
    });
    expect(countOf(two(16), { ...static_, policy: 'single-numa-node' }, [one('1', undefined, '20Gi')])).toMatchObject({
      count: 0,
      exact: true,
    });
  });
});
