/** @module Rules of the count of GPUs that claims may have: node by node, whole ones, and each once. */
import { expect, test } from 'vitest';
import type { CapacityReport } from '../../../shared/capacity/index.ts';
import { reportOf, type TestNode } from '../../../shared/capacity/testing.ts';
import { countPools } from './pools.ts';

type Facts = NonNullable<CapacityReport['dra']>;
type TestKind = { readonly driver?: string; readonly attributes?: Facts['kinds'][number]['attributes']; readonly memoryMiB?: number };

const driver = 'gpu.nvidia.com';
const kindOf = (id: number, { driver: own = driver, attributes = {}, memoryMiB = 81_559 }: TestKind, consumes: object = {}) => ({
  id,
  driver: own,
  classes: [],
  attributes: { [`${own}/productName`]: 'NVIDIA H100 80GB HBM3', [`${own}/type`]: 'gpu', ...attributes },
  capacity: memoryMiB === 0 ? {} : { [`${own}/memory`]: memoryMiB },
  consumes: consumes as Facts['kinds'][number]['consumes'],
  shared: false,
});
const poolOf = (node: string, devices: Facts['pools'][number]['devices'], counters: Facts['pools'][number]['counters'] = {}) => ({
  driver,
  pool: node,
  node,
  devices,
  counters,
});
const node = (name: string, more: Partial<TestNode> = {}): TestNode => ({ name, allocatable: { cpu: 64_000 }, ...more });
const poolsOf = (nodes: readonly TestNode[], dra: Facts, gpuHour: Readonly<Record<string, string>> = {}) =>
  countPools([{ name: 'eu', report: { ...reportOf(nodes), dra }, pricing: { currency: 'EUR', gpuHour } }]);

test('GPUs of one node are added up though they differ in where they sit, and the largest free block is that of a node and of a zone', () => {
  const kinds = [0, 1].map((zone) => kindOf(zone, { attributes: { 'resource.kubernetes.io/numaNode': zone } }));
  const both = (free: number) => [
    { kind: 0, total: 4, free },
    { kind: 1, total: 4, free: 4 },
  ];
  const [pool] = poolsOf([node('a'), node('b')], { kinds, pools: [poolOf('a', both(3)), poolOf('b', both(0))] });
  expect(pool).toMatchObject({
    name: 'nvidia-h100-80gb-hbm3-81559mi',
    status: { total: 16, free: 11, largestFreePerNode: 7, largestFreePerZone: 4, nodes: 2, clusters: [{ sharing: ['dra'] }] },
  });
});

test('a GPU of which a partition is held is not free, and partitions are no GPUs', () => {
  const kinds = [
    kindOf(0, {}, { 'gpu-0/memory': 80 }),
    kindOf(1, {}, { 'gpu-1/memory': 80 }),
    kindOf(2, { attributes: { [`${driver}/type`]: 'mig' } }, { 'gpu-0/memory': 10 }),
  ];
  const devices = [0, 1].map((kind) => ({ kind, total: 1, free: 1 }));
  const pools = [poolOf('a', [...devices, { kind: 2, total: 7, free: 6 }], { 'gpu-0/memory': 70, 'gpu-1/memory': 80 })];
  expect(poolsOf([node('a')], { kinds, pools })).toMatchObject([{ status: { total: 2, free: 1, largestFreePerNode: 1 } }]);
});

test('a node that takes no pods has none free', () => {
  const dra = { kinds: [kindOf(0, {})], pools: [poolOf('a', [{ kind: 0, total: 8, free: 8 }])] };
  expect(poolsOf([node('a', { unschedulable: true })], dra)).toMatchObject([{ status: { total: 8, free: 0, largestFreePerNode: 0 } }]);
});

test('GPUs that a node offers to pods and to claims are there once, under one name', () => {
  const plugged = node('a', { allocatable: { 'nvidia.com/gpu': 8 }, free: { 'nvidia.com/gpu': 5 } });
  const report = reportOf([plugged, node('b', { allocatable: { 'nvidia.com/gpu': 0 } })]);
  const gpu = {
    vendor: 'nvidia' as const,
    product: 'NVIDIA-H100-80GB-HBM3',
    memoryMiB: 81_559,
    count: 8,
    sharing: { kind: 'exclusive' as const, replicas: 1 },
  };
  const dra = {
    kinds: [kindOf(0, {})],
    pools: ['a', 'b'].map((name) => poolOf(name, [{ kind: 0, total: 8, free: 8 }])),
  };
  const told = countPools([
    { name: 'eu', report: { ...report, groups: report.groups.map((group) => ({ ...group, gpu })), dra }, pricing: undefined },
  ]);
  expect(told).toMatchObject([{ status: { total: 16, free: 13, nodes: 2, clusters: [{ sharing: ['dra', 'exclusive'] }] } }]);
});

test.each<[string, TestKind, string | undefined]>([
  [
    'AMD',
    { driver: 'gpu.amd.com', attributes: { 'gpu.amd.com/type': 'amdgpu', 'gpu.amd.com/productName': 'AMD_Instinct_MI300X' } },
    'amd-instinct-mi300x-81559mi',
  ],
  ['one that tells its model', { driver: 'gpu.example.com', attributes: { 'gpu.example.com/productName': 'X9' } }, 'other-x9-81559mi'],
  ['memory not told', { memoryMiB: 0 }, 'nvidia-h100-80gb-hbm3'],
  ['a partition of AMD', { driver: 'gpu.amd.com', attributes: { 'gpu.amd.com/type': 'amdgpu-partition' } }, undefined],
  ['a network card', { driver: 'dra.net' }, undefined],
])('which devices of drivers are GPUs: %s', (_, kind, name) => {
  const pools = [poolOf('a', [{ kind: 0, total: 1, free: 1 }])];
  expect(poolsOf([node('a')], { kinds: [kindOf(0, kind)], pools })[0]?.name).toBe(name);
});

test('prices are those of the product as node labels write it', () => {
  const dra = { kinds: [kindOf(0, {})], pools: [poolOf('a', [{ kind: 0, total: 8, free: 8 }])] };
  expect(poolsOf([node('a')], dra, { 'NVIDIA-H100-80GB-HBM3': '2.5' })[0]?.status.clusters).toMatchObject([
    { pricePerHour: '2.5', currency: 'EUR' },
  ]);
});
