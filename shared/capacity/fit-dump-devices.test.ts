/** @module Shared GPUs and zones as a dump tells of them. */
import { describe, expect, it } from 'vitest';
import { fitDump } from './fit-dump.ts';
import { podObject, topologyObject, zonedNode } from './testing-dump.ts';
import { answer, held, node, pod, requests } from './testing-fit-dump.ts';

describe('shared GPUs', () => {
  const old = 'GPU-a,10,16000,100,NVIDIA-T4,0,true:GPU-b,10,16000,100,NVIDIA-T4,0,true:';
  const json = JSON.stringify(
    ['GPU-a', 'GPU-b'].map((id, index) => ({
      id,
      index,
      count: 10,
      devmem: 16_000,
      devcore: 100,
      type: 'NVIDIA-T4',
      numa: 0,
      health: true,
    })),
  );
  const gpuNode = (register: string) =>
    node(
      'n',
      { cpu: '64', 'nvidia.com/gpu': '20', pods: '99' },
      { metadata: { annotations: { 'hami.io/node-nvidia-register': register } } },
    );
  const vgpu = (amounts: object) => pod({ containers: [{ resources: { limits: { cpu: '100m', ...amounts } } }] });
  const user = (allocated: string) =>
    held('u', requests({ 'nvidia.com/gpu': '1' }), { metadata: { annotations: { 'hami.io/vgpu-devices-allocated': allocated } } });

  it.each([old, json])('are read in either form of the register', (register) => {
    expect(answer([gpuNode(register)], vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpumem': 3000 }))).toMatchObject({
      total: 10,
      exact: true,
      bounds: ['gpu'],
    });
    expect(answer([gpuNode(register)], vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpumem-percentage': 50 })).total).toBe(4);
    expect(answer([gpuNode(register)], vgpu({ 'nvidia.com/gpu': 2, 'nvidia.com/gpumem': 1000, 'nvidia.com/gpucores': 30 })).total).toBe(3);
    expect(answer([gpuNode(register)], vgpu({ 'nvidia.com/gpu': 1 })).total).toBe(2);
    expect(answer([gpuNode(register)], vgpu({ 'nvidia.com/gpu': 3, 'nvidia.com/gpumem': 1 })).total).toBe(0);
  });

  it('what pods hold counts, also from an irregular annotation', () => {
    const shape = vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpumem': 4000 });
    expect(answer([gpuNode(json), user('GPU-a,NVIDIA,8000,50:;')], shape).total).toBe(6);
    expect(
      answer(
        [gpuNode(json), user(';GPU-a,NVIDIA,8000,50:;;')],
        vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpucores': 100, 'nvidia.com/gpumem': 1 }),
      ).total,
    ).toBe(1);
    expect(answer([gpuNode(json), held('u', requests({ 'nvidia.com/gpu': '1' }))], shape).exact).toBe(false);
  });

  const threeThousand = vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpumem': 3000 });
  const doubtsOf = (objects: readonly unknown[], shape: unknown): readonly string[] => {
    const read = fitDump(objects, shape);
    return read.ok ? read.value.doubts : [read.message];
  };

  it.each<[string, string, number]>([
    ['memory that is no number', 'GPU-a,T,xx,10:;', 5],
    ['empty memory', 'GPU-a,T,,10:;', 5],
    ['negative memory', 'GPU-a,T,-5,10:;', 5],
    ['unreadable cores', 'GPU-a,T,6000,x:;', 5],
    ['a cut record', 'GPU-a:;', 5],
    ['no record at all', 'garbage', 5],
    ['a GPU that is not registered', 'GPU-v,T,6000,10:;', 5],
    ['one of two GPUs not told', 'GPU-a,T,6000,10:;', 3],
  ])('%s in what a pod holds counts as a full GPU, and makes an estimate that names the annotation', (what, allocated, total) => {
    const asked = what.startsWith('one of two') ? '2' : '1';
    const holder = held('u', requests({ 'nvidia.com/gpu': asked }), {
      metadata: { annotations: { 'hami.io/vgpu-devices-allocated': allocated } },
    });
    expect(answer([gpuNode(old), holder], threeThousand)).toMatchObject({ total, exact: false, refusals: {} });
    expect(doubtsOf([gpuNode(old), holder], threeThousand)).toEqual([
      expect.stringMatching(/^Pod default\/u: metadata\.annotations\[hami\.io\/vgpu-devices-allocated\]: "/),
    ]);
    expect(answer([gpuNode(old), holder], vgpu({}))).toMatchObject({ exact: true });
  });

  it('two containers that each ask for one make an estimate that says whose choice it is', () => {
    const limits = { 'nvidia.com/gpu': '1', 'nvidia.com/gpumem': '3000' };
    const two = pod({ containers: ['a', 'b'].map((name) => ({ name, resources: { limits } })) });
    expect(answer([gpuNode(old)], two)).toMatchObject({ exact: false });
    expect(doubtsOf([gpuNode(old)], two)).toEqual([expect.stringMatching(/HAMi's choice$/)]);
  });

  it('a MIG instance is held of its GPU', () => {
    expect(answer([gpuNode(old), user('GPU-a[0-1],NVIDIA,13000,50:;')], threeThousand)).toMatchObject({ total: 6, exact: true });
  });

  const good = { id: 'GPU-b', count: 10, devmem: 16_000, devcore: 100, type: 'T', health: true };
  it.each<[string]>([
    ['GPU-a,10,NaN,100,T,0,true:'],
    ['GPU-a,10,8GB,100,T,0,true:'],
    ['GPU-a,x,8000,100,T,0,true:'],
    ['GPU-a,-1,8000,100,T,0,true:'],
    ['GPU-a,10,8000,x,T,0,true:'],
    ['GPU-a,10,8000,100,T,0,maybe:'],
    ['GPU-a,10,8000,100,T:'],
    ['garbage'],
    ['[{"id":"g"}]'],
    ['[null]'],
    ['[1]'],
    ['[{"id":"GPU-a","count":"10","devmem":"8000","devcore":100,"health":true}]'],
    ['[{"id":"GPU-a","count":10,"devmem":-8000,"devcore":100,"health":true}]'],
    ['[{"id":"GPU-a","count":10,"devmem":8000,"devcore":100}]'],
  ])('a record of a register that cannot be read is no GPU, and makes an estimate: %s', (register) => {
    const both = register.startsWith('[') ? JSON.stringify([...JSON.parse(register), good]) : `${register}:GPU-b,10,16000,100,T,0,true:`;
    expect(answer([gpuNode(register)], threeThousand)).toMatchObject({ total: 0, exact: false });
    expect(answer([gpuNode(both)], threeThousand)).toMatchObject({ total: 5, exact: false });
    const record = JSON.stringify(register.startsWith('[') ? register.slice(1, -1) : register.replace(/:$/, ''));
    expect(doubtsOf([gpuNode(both)], threeThousand)).toEqual([
      `Node n: metadata.annotations[hami.io/node-nvidia-register]: ${record} cannot be read; it counts as no GPU`,
    ]);
    expect(answer([gpuNode(both)], vgpu({}))).toMatchObject({ exact: true });
  });

  it('memory of GPUs is asked only of nodes that share them', () => {
    expect(answer([node('n', { 'nvidia.com/gpu': '8' })], vgpu({ 'nvidia.com/gpu': 1, 'nvidia.com/gpumem': 1000 })).refusals).toEqual({
      gpu: 1,
    });
    expect(answer([gpuNode(json)], vgpu({ 'nvidia.com/gpumem': 8000 })).total).toBe(4);
  });
});

describe('zones of a dump', () => {
  it('count widths of CPUs and devices by capacity, of memory by allocatable, and take what is available as it is told', () => {
    const zone = (id: number, cpu: [string, string, string], memory: [string, string, string]): object => ({
      name: `node-${id}`,
      type: 'Node',
      resources: [
        { name: 'cpu', capacity: cpu[0], allocatable: cpu[1], available: cpu[2] },
        { name: 'memory', capacity: memory[0], allocatable: memory[1], available: memory[2] },
      ],
    });
    const topology = (zones: object[]): object => ({
      ...topologyObject('n', [], { policy: 'restricted', memoryManager: 'Static' }),
      zones,
    });
    const zones = [0, 1].map((id) => zone(id, ['8', '7', '7'], ['16Gi', '14Gi', '14Gi']));
    const objects = [node('n', { cpu: '14', memory: '28Gi' }), topology(zones)];
    const shape = (cpu: string, memory: string) => podObject([{ cpu, memory }]);
    expect(answer(objects, shape('7', '14Gi'))).toMatchObject({ total: 2, exact: true });
    // Eight CPUs fit one zone by capacity and are free in none; 15Gi need two zones by allocatable.
    expect(answer(objects, shape('8', '1Gi'))).toMatchObject({ total: 0, exact: true, refusals: { numa: 1 } });
    expect(answer(objects, shape('1500m', '15Gi'))).toMatchObject({ total: 1, exact: true });
  });

  it('the lesser of node and zones wins', () => {
    const objects = zonedNode('n', [{ cpu: 8, memoryGi: 32, freeCpu: 2 }], { policy: 'none' });
    const roomy = objects.map((object) => ('status' in object ? node('n', { cpu: '8', memory: '32Gi' }) : object));
    expect(answer(roomy, podObject([{ cpu: '1', memory: '1Gi' }]))).toMatchObject({ total: 2, bounds: ['numa'] });
  });

  it('an unknown policy, or managers that are not told, make an estimate where it matters', () => {
    const zones = [
      { cpu: 5, memoryGi: 32 },
      { cpu: 5, memoryGi: 32 },
    ];
    const [n, topology] = zonedNode('n', zones, { policy: 'single-numa-node' }) as [object, { attributes: { name: string }[] }];
    const untold = { ...topology, attributes: topology.attributes.filter(({ name }) => name !== 'cpuManagerPolicy') };
    expect(answer([n, untold], podObject([{ cpu: '3', memory: '1Gi' }]))).toMatchObject({ total: 2, exact: false });
    expect(answer([n, untold], podObject([{ cpu: '5', memory: '1Gi' }]))).toMatchObject({ total: 2, exact: true });
    expect(answer(zonedNode('n', zones, { policy: 'strict' }), podObject([{ cpu: '3', memory: '1Gi' }])).exact).toBe(false);
  });

  it('an unknown scope counts as the worse of both, and a policy that is left out beside a CPU manager as the worst of all', () => {
    const zones = [0, 1].map(() => ({ cpu: 2, memoryGi: 32 }));
    const [n, topology] = zonedNode('n', zones, { policy: 'single-numa-node' }) as [
      object,
      { attributes: { name: string; value: string }[] },
    ];
    const changed = (name: string, value: string | undefined): object => ({
      ...topology,
      attributes: topology.attributes.flatMap((one) => (one.name !== name ? [one] : value === undefined ? [] : [{ name, value }])),
    });
    const two = podObject([{ cpu: '2' }, { cpu: '1' }].map((amounts) => ({ ...amounts, memory: '1Gi' })));
    expect(answer([n, changed('topologyManagerScope', 'foo')], two)).toMatchObject({ total: 0, exact: false });
    expect(answer([n, changed('topologyManagerScope', 'Pod')], two)).toMatchObject({ total: 0, exact: false });
    const untold = changed('topologyManagerPolicy', undefined);
    expect(answer([n, untold], podObject([{ cpu: '3', memory: '1Gi' }]))).toMatchObject({ total: 0, exact: false });
    expect(answer([n, untold], podObject([{ cpu: '1', memory: '1Gi' }]))).toMatchObject({ total: 4, exact: true });
  });
});
