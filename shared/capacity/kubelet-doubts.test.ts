/** @module Settings of a kubelet that a dump does not tell: the lowest count, and in words what is not told. */
import { describe, expect, it } from 'vitest';
import { fitDump } from './fit-dump.ts';
import { podObject, type TestManagers, zonedNode } from './testing-dump.ts';

const zones = [0, 1].map(() => ({ cpu: 5, memoryGi: 32 }));
const counted = (objects: readonly unknown[], shape: unknown) => {
  const read = fitDump(objects, shape);
  return read.ok ? { total: Number(read.value.total), exact: read.value.exact, doubts: read.value.doubts } : read.message;
};

describe('pod-level resources', () => {
  const amounts = { cpu: '3', memory: '1Gi' };
  const whole = { resources: { requests: amounts, limits: amounts } };
  const shape = podObject([{}], whole);
  const nodeOf = (version: string | undefined, managers: TestManagers = {}): object[] => {
    const [node, topology] = zonedNode('n', zones, { policy: 'single-numa-node', ...managers }) as [{ status: object }, object];
    return [{ ...node, status: { ...node.status, nodeInfo: { kubeletVersion: version } } }, topology];
  };

  it.each(['v1.35.4', 'v1.34.0-gke.1', '1.29.1'])('are not pinned by a kubelet of %s', (version) => {
    expect(counted(nodeOf(version), shape)).toEqual({ total: 3, exact: true, doubts: [] });
  });

  it.each([undefined, '', 'unknown', 'v1.36.3', 'v1.37.0', 'v2.0.0'])(
    'may be pinned by a kubelet of %s: the lowest count is told',
    (version) => {
      const doubts = [expect.stringMatching(/^Node n: status\.nodeInfo\.kubeletVersion does not tell/)];
      expect(counted(nodeOf(version), shape)).toEqual({ total: 2, exact: false, doubts });
      expect(counted(nodeOf(version, { scope: 'pod' }), shape)).toEqual({ total: 2, exact: false, doubts });
    },
  );

  it.each<[string, TestManagers, unknown]>([
    ['both ways give the same number', {}, podObject([{}], { resources: { requests: { cpu: '5' }, limits: { cpu: '5', memory: '1Gi' } } })],
    ['no manager pins', { cpuManager: 'none' }, shape],
    ['the pod is Burstable', {}, podObject([{}], { resources: { requests: amounts } })],
  ])('make no estimate where %s', (_, managers, asked) => {
    expect(counted(nodeOf('v1.37.0', managers), asked)).toMatchObject({ exact: true, doubts: [] });
  });

  it('may be pinned by what containers ask themselves', () => {
    const more = { cpu: '2300m', memory: '1Gi' };
    const asked = podObject([{ cpu: '2', memory: '1Gi' }], { resources: { requests: more, limits: more } });
    const threeZones = [
      { cpu: 3, memoryGi: 32 },
      { cpu: 3, memoryGi: 32 },
      { cpu: 1, memoryGi: 32 },
    ];
    expect(counted(zonedNode('n', threeZones, { policy: 'single-numa-node' }), asked)).toMatchObject({ total: 2, exact: false });
  });
});

describe('managers that are not told', () => {
  const changed = (managers: TestManagers, name: string, value: string | undefined): object[] => {
    const [node, topology] = zonedNode('n', zones, { policy: 'single-numa-node', ...managers }) as [
      object,
      { attributes: { name: string; value: string }[] },
    ];
    const others = topology.attributes.filter((one) => one.name !== name);
    return [node, { ...topology, attributes: [...others, ...(value === undefined ? [] : [{ name, value }])] }];
  };
  const three = podObject([{ cpu: '3', memory: '1Gi' }]);
  const wide = podObject([{ cpu: '1', memory: '20Gi' }]);

  it.each<[string, object[], unknown, RegExp]>([
    [
      'a CPU manager that is left out',
      changed({}, 'cpuManagerPolicy', undefined),
      three,
      /^NodeResourceTopology n: attributes: cpuManagerPolicy /,
    ],
    [
      'a topology policy that is left out',
      changed({}, 'topologyManagerPolicy', undefined),
      three,
      /^NodeResourceTopology n: attributes: topologyManagerPolicy is not told/,
    ],
    [
      'a CPU manager of an unknown word',
      changed({}, 'cpuManagerPolicy', 'foo'),
      three,
      /^NodeResourceTopology n: attributes: cpuManagerPolicy /,
    ],
    [
      'a memory manager of an unknown word',
      changed({}, 'memoryManagerPolicy', 'foo'),
      wide,
      /^NodeResourceTopology n: attributes: memoryManagerPolicy /,
    ],
    [
      'full cores without the threads of one',
      changed({ cpuOptions: 'full-pcpus-only=true' }, 'threadsPerCore', undefined),
      three,
      /^NodeResourceTopology n: attributes: threadsPerCore /,
    ],
  ])('%s makes an estimate that says so', (_, objects, shape, doubt) => {
    expect(counted(objects, shape)).toMatchObject({ exact: false, doubts: [expect.stringMatching(doubt)] });
  });
});

describe('what leaves a count open is told in words', () => {
  it.each<[string, object[], unknown, RegExp]>([
    [
      'more zones than are looked at',
      zonedNode(
        'n',
        Array.from({ length: 34 }, () => ({ cpu: 4, memoryGi: 4 })),
        { policy: 'restricted' },
      ),
      podObject([{ cpu: '6', memory: '1Gi' }]),
      /so many zones/,
    ],
    [
      'more choices than are looked at',
      zonedNode(
        'n',
        [0, 1].map(() => ({ cpu: 5_000, memoryGi: 5_000 })),
        { policy: 'single-numa-node' },
      ),
      podObject(Array.from({ length: 2_000 }, () => ({ cpu: '1', memory: '1Mi' }))),
      /more choices/,
    ],
    [
      'a choice of the kubelet that bears on it',
      zonedNode(
        'n',
        [0, 1, 2].map(() => ({ cpu: 4, memoryGi: 8 })),
        { policy: 'restricted' },
      ),
      podObject([{ cpu: '6', memory: '1Gi' }]),
      /kubelet's choice/,
    ],
  ])('%s', (_, objects, shape, doubt) => {
    expect(counted(objects, shape)).toMatchObject({ exact: false, doubts: [expect.stringMatching(doubt)] });
  });
});
