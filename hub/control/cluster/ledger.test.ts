/** @module The room of a cluster under what was assigned there. */
import { describe, expect, it } from 'vitest';
import { podShapeOf } from '../../../shared/capacity/index.ts';
import { reportOf } from '../../../shared/capacity/testing.ts';
import { createLedger } from './ledger.ts';

const pod = (cpu: number) => podShapeOf({ containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: `${cpu}m` } } }] });
const tainted = { name: 'gpu', allocatable: { cpu: 64_000 }, taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' as const }] };
const waiting = reportOf([{ name: 'a', allocatable: { cpu: 4_000 } }, tainted], {
  present: { web: { bound: 1, pending: 3 } },
  pending: [{ shapeHash: 'x', count: 3, oldestSeconds: 1, requests: { cpu: 1_000 } }],
});
const left = { count: 8, exact: true };

describe('the ledger of the hub', () => {
  it('counts pods that wait in a member as those of their workload, once', () => {
    const ledger = createLedger();
    ledger.assign('web', pod(1_000), new Map([['home', 4]]));
    expect(ledger.room('home', waiting).fit(pod(120))).toMatchObject(left);
    expect(ledger.copy('home', waiting).fit(pod(120))).toMatchObject(left);
  });

  it('keeps a node for replicas that others make room for until they are bound, whether they wait in the member or are not there yet', () => {
    const nodes = ['a', 'b'].map((name) => ({ name, allocatable: { cpu: 4_000 }, free: { cpu: name === 'a' ? 1_000 : 3_000 } }));
    const roomWith = (present: Record<string, { bound: number; pending: number }>, more: object = {}) => {
      const ledger = createLedger();
      ledger.assign('gold', pod(4_000), new Map([['home', 1]]), new Map([['home', [{ node: 'a', replicas: 1 }]]]));
      return [1_000, 1_500].map((cpu) => ledger.copy('home', reportOf(nodes, { present, ...more })).fit(pod(cpu)).count);
    };
    const pending = [{ shapeHash: 'x', count: 1, oldestSeconds: 1, requests: { cpu: 4_000 } }];
    // Node a has nothing for others, node b what it had.
    expect(roomWith({})).toEqual([3, 2]);
    expect(roomWith({ gold: { bound: 0, pending: 1 } }, { pending })).toEqual([3, 2]);
    expect(roomWith({ gold: { bound: 1, pending: 0 } })).toEqual([4, 2]);
  });

  it('counts them so as soon as the workload is known', () => {
    const ledger = createLedger();
    expect(ledger.room('home', waiting).fit(pod(120)).exact).toBe(false);
    ledger.assign('web', pod(1_000), new Map([['home', 4]]));
    expect(ledger.room('home', waiting).fit(pod(120))).toMatchObject(left);
    ledger.assign('web', pod(1_000), new Map());
    expect(ledger.room('home', waiting).fit(pod(120)).exact).toBe(false);
  });

  it('takes what is not seen there yet from what those that wait leave', () => {
    const ledger = createLedger();
    ledger.assign('web', pod(1_000), new Map([['home', 4]]));
    const room = ledger.room('home', waiting);
    ledger.assign('web', pod(1_000), new Map([['home', 5]]));
    expect(ledger.room('home', waiting)).toBe(room);
    expect(room.fit(pod(120)).count).toBe(0);
  });

  it('names what runs beyond what is assigned, or is withdrawn, until a report shows it no more', () => {
    const ledger = createLedger();
    const [low, gone] = ['apps=deployments=shop=low', 'apps=deployments=shop=gone'];
    const showing = (present: Record<string, { bound: number; pending: number }>) =>
      reportOf([{ name: 'a', allocatable: { cpu: 8_000 } }], { present });
    const all = showing({ [low]: { bound: 4, pending: 0 }, [gone]: { bound: 1, pending: 0 } });
    for (const [workId, count] of [
      [low, 4],
      [gone, 1],
    ] as const)
      ledger.assign(workId, pod(1_000), new Map([['home', count]]));
    const leaving = (report: typeof all) => ledger.room('home', report).leaving?.();
    expect(leaving(all)).toEqual([]);
    ledger.assign(low, pod(1_000), new Map([['home', 2]]));
    ledger.assign(gone, pod(1_000), new Map());
    expect(leaving(all)).toEqual(['low', 'gone']);
    expect(leaving(showing({ [low]: { bound: 2, pending: 0 } }))).toEqual([]);
    expect(leaving(all)).toEqual(['low']);
  });

  const oneNode = (present: Record<string, { bound: number; pending: number }>, cpu: number, free = 2_000) => {
    const count = Object.values(present).reduce((sum, { pending }) => sum + pending, 0);
    return reportOf([{ name: 'a', allocatable: { cpu: 4_000 }, free: { cpu: free } }], {
      present,
      pending: [{ shapeHash: 'x', count, oldestSeconds: 90, requests: { cpu } }],
    });
  };
  const [large, small] = [3_000, 1_000];
  it.each([
    ['all that wait where no node holds one of them', { web: { bound: 2, pending: 6 } }, large, 8, { web: 6 }],
    ['none where the nodes hold them all', { web: { bound: 2, pending: 2 } }, small, 4, {}],
    ['what is left over where the nodes hold some', { web: { bound: 2, pending: 5 } }, small, 7, { web: 3 }],
    ['none beyond those that are not bound', { web: { bound: 2, pending: 6 } }, large, 3, { web: 1 }],
    ['none of a surge', { web: { bound: 8, pending: 2 } }, large, 8, {}],
    ['of two only what is sure of each', { web: { bound: 0, pending: 3 }, api: { bound: 0, pending: 1 } }, small, 3, { web: 1 }],
    ['none of a stranger', { other: { bound: 0, pending: 3 } }, large, 3, {}],
  ])('finds no node for %s', (_, present, cpu, replicas, nodeless) => {
    const ledger = createLedger();
    for (const id of ['web', 'api']) ledger.assign(id, pod(cpu), new Map([['home', replicas]]));
    const found = ledger.nodeless('home', oneNode(present, cpu));
    expect(Object.fromEntries(found.map(({ workId, count }) => [workId, count]))).toEqual(nodeless);
  });

  it.each([
    ['those whose kept node others are on', 2_000, { a: 1 }, [['gold', 1, { a: 1 }]]],
    ['nobody while the kept node has the room', 3_000, { a: 1 }, []],
    ['those without a kept node as well', 2_000, {}, [['gold', 1, {}]]],
  ])('finds no node for %s', (_, free, kept, expected) => {
    const ledger = createLedger();
    const nominated = Object.entries(kept).map(([node, replicas]) => ({ node, replicas }));
    ledger.assign('gold', pod(large), new Map([['home', 1]]), new Map([['home', nominated]]));
    const found = ledger.nodeless('home', oneNode({ gold: { bound: 0, pending: 1 } }, large, free));
    expect(found.map(({ workId, count, outrun }) => [workId, count, Object.fromEntries(outrun)])).toEqual(expected);
  });

  it('says nothing of pods that ask for something else than the workload now does', () => {
    const ledger = createLedger();
    ledger.assign('web', pod(large), new Map([['home', 8]]));
    const report = oneNode({ web: { bound: 2, pending: 6 } }, large);
    ledger.assign('web', pod(2_500), new Map([['home', 8]]));
    expect(ledger.nodeless('home', report)).toEqual([]);
  });
});
