/** @module What a cluster has left beside what was promised. */
import { describe, expect, it } from 'vitest';
import { plainShape, podShapeOf } from './pod-shape.ts';
import { createRoom } from './room.ts';
import { reportOf } from './testing.ts';

const shape = (cpu: number) => plainShape({ cpu });
const twoNodes = (a: number, b: number) =>
  reportOf([
    { name: 'a', allocatable: { cpu: 3000 }, free: { cpu: a } },
    { name: 'b', allocatable: { cpu: 3000 }, free: { cpu: b } },
  ]);

describe('createRoom', () => {
  it('keeps free in the sum what was promised and found no node, as the member may pack it otherwise', () => {
    const crumbs = twoNodes(500, 500);
    expect(createRoom(crumbs, []).fit(shape(250)).count).toBe(4);
    expect(createRoom(crumbs, [{ shape: shape(750), count: 1 }]).fit(shape(250)).count).toBe(1);
  });

  it('keeps free in the sum what has only just come to the member and may be packed otherwise', () => {
    const pending = [{ shapeHash: 'x', count: 1, oldestSeconds: 1, requests: { cpu: 750 } }];
    expect(createRoom({ ...twoNodes(500, 500), pending }, []).fit(shape(250)).count).toBe(1);
  });

  it('keeps nothing free for pods that wait in the member for long and fit nowhere', () => {
    const pending = [{ shapeHash: 'x', count: 1, oldestSeconds: 60, requests: { cpu: 750 } }];
    expect(createRoom({ ...twoNodes(500, 500), pending }, []).fit(shape(250)).count).toBe(4);
  });

  it('assumes a promised pod where most is free once it is there, not where most is free before', () => {
    // One by one, and as a heap over all nodes deals them.
    for (const count of [1, 17]) {
      const unlike = reportOf([
        { name: 'a', allocatable: { cpu: 2000 * count } },
        { name: 'b', allocatable: { cpu: 3000 * count } },
      ]);
      expect(createRoom(unlike, [{ shape: shape(1500), count }]).fit(shape(3000 * count)).count).toBe(0);
    }
  });

  it('never promises the same room twice, in whatever order it was promised', () => {
    const full = [
      { shape: shape(500), count: 1 },
      { shape: shape(750), count: 5 },
    ];
    for (const assumed of [full, full.toReversed()]) expect(createRoom(twoNodes(2250, 2000), assumed).fit(shape(250)).count).toBe(0);
  });
});

describe('a cluster with a tainted node', () => {
  const taints = [{ key: 'gpu', value: '', effect: 'NoSchedule' as const }];
  const [plain, tainted] = [
    (cpu: number) => ({ name: 'a', allocatable: { cpu } }),
    (cpu: number) => ({ name: 'gpu', allocatable: { cpu }, taints }),
  ];
  const pod = (cpu: number, spec: object = {}) =>
    podShapeOf({ containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: `${cpu}m` } } }], ...spec });
  const tolerating = { tolerations: [{ key: 'gpu', operator: 'Exists' }] };
  const onGpu = { ...tolerating, nodeSelector: { kind: 'gpu' } };
  const report = (untainted: number, waiting: readonly (readonly [cpu: number, count: number, oldestSeconds: number])[] = []) => ({
    ...reportOf([plain(untainted), { ...tainted(64_000), labels: { kind: 'gpu' } }]),
    pending: waiting.map(([cpu, count, oldestSeconds], at) => ({ shapeHash: `${at}`, count, oldestSeconds, requests: { cpu } })),
  });
  const small = pod(100);

  it.each([
    ['nothing waits: all of the other node', report(1000), [], 10, true],
    ['a pod of ours waits: it takes the other node', report(1000, [[1000, 1, 1]]), [[pod(1000), 1]], 0, true],
    ['the same when it waits for long', report(1000, [[1000, 1, 60]]), [[pod(1000), 1]], 0, false],
    ['one that asks for the tainted node takes nothing of the other', report(1000, [[1000, 1, 1]]), [[pod(1000, onGpu), 1]], 10, true],
    ['a pod of a stranger waits: it may take the other node', report(1000, [[1000, 1, 1]]), [], 0, false],
    ['one of a stranger that only the tainted node can hold', report(1000, [[8000, 1, 60]]), [], 10, false],
    ['the same when it has only just come', report(1000, [[8000, 1, 1]]), [], 0, false],
    ['more of ours have come than fit: crumbs are kept free', report(1500, [[1000, 2, 1]]), [[pod(1000), 2]], 0, false],
    ['what a member made larger is a stranger', report(1000, [[900, 1, 1]]), [[pod(800), 1]], 1, false],
  ] as const)('%s', (_, told, held, count, exact) => {
    const waiting = held.map(([shape, pods]) => ({ shape, count: pods }));
    expect(createRoom(told, [], waiting).fit(small)).toMatchObject({ count, exact });
  });

  it('keeps free what was promised and found no node only where it may yet find one', () => {
    const room = createRoom(report(1500), [{ shape: pod(1000), count: 2 }]);
    expect([room.fit(small).count, room.fit(pod(1000, onGpu)).count]).toEqual([0, 64]);
    expect(createRoom(report(1500), [{ shape: pod(40_000, onGpu), count: 2 }]).fit(small).count).toBe(15);
  });

  it('keeps free what may go to a host that is asked for by name', () => {
    const onHost = (name: string) => ({ ...tolerating, nodeSelector: { 'kubernetes.io/hostname': name } });
    const room = createRoom(report(1500), [{ shape: pod(1000), count: 2 }]);
    expect([room.fit(pod(100, onHost('a'))).count, room.fit(pod(1000, onHost('gpu'))).count]).toEqual([0, 64]);
  });
});

describe('a count beside pods on their way', () => {
  /** Nodes of so many milli-CPU; those with the same are of one group. */
  const nodesOf = (...cpus: readonly number[]) => {
    const report = reportOf(
      cpus.map((cpu, at) => ({ name: `n${at}`, allocatable: { cpu, memory: 1_048_576 }, labels: { size: `${cpu}` } })),
    );
    return { ...report, nodes: { ...report.nodes, group: cpus.map((cpu) => cpus.indexOf(cpu)) } };
  };
  const pod = (cpu: number, fields: object = {}) =>
    podShapeOf({ containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: `${cpu}m` } } }], ...fields });
  const sized = (size: number) => ({ nodeSelector: { size: `${size}` } });

  it.each([
    ['is exact when nothing is on its way', nodesOf(2000, 3000), pod(1000), 0, pod(2000), true],
    ['is an estimate where unlike nodes were to choose from', nodesOf(2000, 3000), pod(1000), 1, pod(2000), false],
    ['of more than a few pods is an estimate too', nodesOf(20_000, 30_000), pod(500), 40, pod(2000), false],
    ['of the same shape is exact', nodesOf(2000, 3000), pod(1000), 1, pod(1000), true],
    ['is exact where one node takes them', nodesOf(2000, 3000), pod(2500), 1, pod(1000), true],
    ['is exact where all that take them are full then', nodesOf(2000, 3000), pod(1000), 5, pod(500), true],
    ['is exact on nodes that the others may not run on', nodesOf(2000, 3000, 4000), pod(1000, sized(4000)), 1, pod(500, sized(2000)), true],
    ['is exact where nodes are alike', nodesOf(2000, 2000, 2000), pod(1000), 1, pod(500), true],
    [
      'is an estimate for who asks for one of them by name',
      nodesOf(2000, 2000, 2000),
      pod(1000),
      1,
      pod(500, { nodeSelector: { 'kubernetes.io/hostname': 'n0' } }),
      false,
    ],
    ['is an estimate where rounded scores leave open how alike ones are filled', nodesOf(64_000, 64_000), pod(100), 2, pod(64_000), false],
    ['is an estimate where more are on their way than fit', nodesOf(2000, 3000), pod(3000), 2, pod(500), false],
    ['of none is exact when more are on their way than fit', nodesOf(2000, 3000), pod(1000), 6, pod(500), true],
  ])('%s', (_, report, first, count, second, exact) => {
    expect(createRoom(report, [{ shape: first, count }]).fit(second).exact).toBe(exact);
    const room = createRoom(report, []);
    expect(room.fit(second).exact).toBe(true);
    room.fit(second);
    room.assume({ shape: first, count });
    expect(room.fit(second).exact).toBe(exact);
  });

  it('counts what is free beside pods that come into the places of others, exactly', () => {
    const report = reportOf([0, 1].map((at) => ({ name: `n${at}`, allocatable: { cpu: 8000 }, free: { cpu: 500 } })));
    const room = createRoom(report, []);
    expect(room.assume({ shape: pod(1500), count: 2, inPlaces: 2 })).toBe(2);
    expect(room.fit(pod(100))).toMatchObject({ count: 10, exact: true });
    // One that comes beside them and finds no node keeps its room free in the sum, an estimate.
    expect(room.assume({ shape: pod(800), count: 2, inPlaces: 1 })).toBe(1);
    expect(room.fit(pod(100))).toMatchObject({ count: 2, exact: false });
  });

  it('is an estimate for who looks at other pods where some are in places of others', () => {
    const labelled = (fields: object) =>
      podShapeOf(
        { containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: '100m' } } }], ...fields },
        { labels: { app: 'a' } },
      );
    const apart = labelled({
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'a' } } },
          ],
        },
      },
    });
    const room = createRoom(reportOf([0, 1].map((at) => ({ name: `n${at}`, allocatable: { cpu: 8000 }, free: { cpu: 500 } }))), []);
    room.assume({ shape: pod(1500), count: 2, inPlaces: 2 });
    expect(room.fit(apart).exact).toBe(false);
  });

  it('is an estimate where pods that exist and are bound nowhere had unlike nodes to choose from', () => {
    const pending = [{ shapeHash: 'x', count: 1, oldestSeconds: 60, requests: { cpu: 1000 } }];
    expect(createRoom({ ...nodesOf(2000, 3000), pending }, []).fit(pod(2000)).exact).toBe(false);
  });
});

describe('quotas of namespaces', () => {
  const pod = (namespace: string, cpu: string, fields: object = {}) =>
    podShapeOf({ containers: [{ name: 'a', image: 'b', resources: { requests: { cpu } } }], ...fields }, { namespace });
  const node = (name: string) => ({ name, allocatable: { cpu: 8000, memory: 65_536 }, free: { cpu: 8000, memory: 65_536 } });
  const report = (free: Readonly<Record<string, number>>, more: object = {}) =>
    reportOf([node('a'), node('b')], { quotas: [{ namespace: 'shop', name: 'q', free, scopes: [] }], ...more });

  it('are not promised twice: what is on its way counts for every workload of the namespace, and for no other', () => {
    const room = createRoom(report({ 'requests.cpu': 5000 }), [{ shape: pod('shop', '1'), count: 3 }]);
    expect(room.fit(pod('shop', '1'))).toMatchObject({ count: 2, exact: true });
    expect(room.fit(pod('shop', '500m')).count).toBe(4);
    expect(room.fit(pod('else', '1')).count).toBe(13);
    room.assume({ shape: pod('shop', '500m'), count: 4 });
    expect(room.fit(pod('shop', '1'))).toMatchObject({ count: 0, refusals: { quota: 2 } });
  });

  it('count what comes into places of others, and nothing of what the quota does not let in', () => {
    const room = createRoom(report({ 'requests.cpu': 4000, pods: 9 }), []);
    room.assume({ shape: pod('shop', '1'), count: 1, inPlaces: 1 });
    room.assume({ shape: pod('shop', '2'), count: 5 });
    expect(room.fit(pod('shop', '500m')).count).toBe(2);
  });

  it('count pods that wait in the member once: the quota shows them as used', () => {
    const pending = [{ shapeHash: 'x', count: 2, oldestSeconds: 60, requests: { cpu: 1000 } }];
    const room = createRoom(report({ pods: 1 }, { pending }), [], [{ shape: pod('shop', '1'), count: 2 }]);
    expect([room.fit(pod('shop', '1')).count, room.nodeless?.(pod('shop', '1'))]).toEqual([1, 0]);
  });

  it('beside replicas that keep apart are short by each of these once', () => {
    const apart = {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'x' } } },
          ],
        },
      },
    };
    const shape = podShapeOf(
      { containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: '1' } } }], ...apart },
      { namespace: 'shop', labels: { app: 'x' } },
    );
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f'].map(node);
    const few = reportOf(nodes, { quotas: [{ namespace: 'shop', name: 'q', free: { pods: 5 }, scopes: [] }] });
    expect(createRoom(few, [{ shape, count: 2 }]).fit(shape).count).toBe(3);
  });

  it('do not say which nodes take what they let in', () => {
    const room = createRoom(report({ pods: 3 }), [{ shape: pod('shop', '4'), count: 2 }]);
    // One on each node, as the scheduler binds them: the first node alone would be full.
    expect(room.fit(pod('else', '4')).count).toBe(2);
    expect(room.fit(pod('else', '8')).count).toBe(0);
  });
});
