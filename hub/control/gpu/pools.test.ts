/** @module Rules of the GPU count: shared GPUs are not counted twice, and what nobody can use is not free. */
import { expect, test } from 'vitest';
import type { CapacityReport, GpuFacts, NodeGroup } from '../../../shared/capacity/index.ts';
import { reportOf, type TestNode } from '../../../shared/capacity/testing.ts';
import { gpuLines } from '../../cli/top.ts';
import { countPools } from './pools.ts';

const gpu = (more: Partial<GpuFacts> = {}): GpuFacts => ({
  vendor: 'nvidia',
  product: 'NVIDIA-A100-SXM4-40GB',
  memoryMiB: 40960,
  count: 8,
  sharing: { kind: 'exclusive', replicas: 1 },
  ...more,
});

const withGpus = (report: CapacityReport, facts: GpuFacts, more: Partial<NodeGroup> = {}): CapacityReport => ({
  ...report,
  groups: report.groups.map((group) => ({ ...group, gpu: facts, ...more })),
});

const node = (name: string, free: number, more: Partial<TestNode> = {}, resource = 'nvidia.com/gpu'): TestNode => ({
  name,
  allocatable: { [resource]: 8 },
  free: { [resource]: free },
  ...more,
});

const source = (name: string, report: CapacityReport, gpuHour?: string) => ({
  name,
  report,
  pricing: gpuHour === undefined ? undefined : { currency: 'EUR', gpuHour: { 'NVIDIA-A100-SXM4-40GB': gpuHour } },
});

test('clusters that have the same model and memory are one pool, with the largest free block and what jobs of whole nodes cannot use', () => {
  const east = withGpus(reportOf([node('a', 8), node('b', 3), node('c', 5, { unschedulable: true })]), gpu());
  const west = withGpus(reportOf([node('d', 1)]), gpu());
  const [pool, ...others] = countPools([source('west', west, '2.10'), source('east', east)]);
  expect(others).toEqual([]);
  expect(pool).toMatchObject({
    name: 'nvidia-a100-sxm4-40gb-40960mi',
    spec: { vendor: 'nvidia', product: 'NVIDIA-A100-SXM4-40GB', memoryMiB: 40960 },
    status: {
      total: 32,
      free: 12,
      largestFreePerNode: 8,
      nodes: 4,
      clusters: [
        { name: 'east', total: 24, free: 11, largestFreePerNode: 8, fragmentationPercent: 27 },
        { name: 'west', total: 8, free: 1, fragmentationPercent: 100, pricePerHour: '2.10', currency: 'EUR' },
      ],
    },
  });
});

test('the free GPUs of one zone are never more than those of the node', () => {
  const report = withGpus(reportOf([node('a', 5)]), gpu());
  const zoned = { ...report, nodes: { ...report.nodes, zoneFree: [[[4]], [[3]]] } };
  expect(countPools([source('eu', zoned)])[0]?.status.largestFreePerZone).toBe(4);
  const drained = { ...zoned, nodes: { ...zoned.nodes, free: [[2]] } };
  expect(countPools([source('eu', drained)])[0]?.status.largestFreePerZone).toBe(2);
});

test('time-slicing does not make GPUs: shares are divided by their number', () => {
  const report = withGpus(reportOf([node('a', 7)]), gpu({ count: 2, sharing: { kind: 'timeSlicing', replicas: 4 } }));
  expect(countPools([source('eu', report)])[0]?.status).toMatchObject({ total: 2, free: 1, clusters: [{ sharing: ['timeSlicing'] }] });
});

test('a GPU of HAMi is free when nobody has a share of it, or may have one', () => {
  const device = { type: 'A100', memoryMiB: 40960, cores: 100, slots: 4, numa: -1, mode: '' };
  const facts = gpu({ count: 2, sharing: { kind: 'vgpu', replicas: 4 } });
  const deviceFree = [4, 3].map((slots) => ({ slots: [slots], memoryMiB: [0], cores: [0] }));
  const free = [undefined, 0, 1, 2].map((devicesUntold) => {
    const untold = devicesUntold === undefined ? {} : { devicesUntold };
    const report = withGpus(reportOf([node('a', 7)]), facts, { devices: [device, device], ...untold });
    return countPools([source('eu', { ...report, nodes: { ...report.nodes, deviceFree } })])[0]?.status.free;
  });
  expect(free).toEqual([1, 1, 0, 0]);
});

test('slices of MIG mixed are a pool for each profile', () => {
  const report = withGpus(
    reportOf([node('a', 5, {}, 'nvidia.com/mig-1g.5gb')]),
    gpu({ sharing: { kind: 'mig', replicas: 1 }, migProfiles: { '1g.5gb': 4864 } }),
  );
  expect(countPools([source('eu', report)])).toMatchObject([
    { spec: { product: 'NVIDIA-A100-SXM4-40GB MIG 1g.5gb', memoryMiB: 4864 }, status: { total: 8, free: 5 } },
  ]);
});

test('figures of DCGM are shown with the cluster that has such GPUs, and the table tells them', () => {
  const figures = { gpus: 8, utilizationPercent: 42, memoryUsedMiB: 40_960, memoryTotalMiB: 81_920, powerWatts: 900, xid: { 79: 1 } };
  const report = { ...withGpus(reportOf([node('a', 8)]), gpu()), gpuUse: [{ product: 'NVIDIA-A100-SXM4-40GB', ...figures }] };
  const pools = countPools([source('east', report)]);
  const { gpus: _, ...use } = figures;
  expect(pools[0]?.status.clusters[0]?.use).toEqual(use);
  const [header = '', row = ''] = gpuLines(
    pools.map(({ name, ...rest }) => ({ apiVersion: '', kind: 'GPUPool', metadata: { name }, ...rest })),
  );
  const cell = (title: string): string => row.slice(header.indexOf(title)).split(/\s/)[0] ?? '';
  expect(['BUSY', 'MEMORY USED', 'POWER', 'XID'].map(cell)).toEqual(['42%', '50%', '900W', '79x1']);
});

test('a cluster that has not reported since the hub started keeps its part, one that is gone does not', () => {
  const told = countPools([
    source('east', withGpus(reportOf([node('a', 8)]), gpu())),
    source('west', withGpus(reportOf([node('b', 2)]), gpu())),
  ]);
  expect(countPools([], told, new Set(['west']))).toMatchObject([{ status: { total: 8, free: 2, clusters: [{ name: 'west' }] } }]);
});

test('the table has a row for the model and one for each cluster', () => {
  const pools = countPools([
    source('east', withGpus(reportOf([node('a', 8)]), gpu()), '1.5'),
    source('west', withGpus(reportOf([node('b', 2)]), gpu())),
  ]);
  const lines = gpuLines(pools.map(({ name, ...rest }) => ({ apiVersion: '', kind: 'GPUPool', metadata: { name }, ...rest })));
  expect(lines.map((line) => line.split(/ {2,}/).slice(0, 5).join('|'))).toEqual([
    'MODEL|MEMORY|CLUSTER|TOTAL|FREE',
    'NVIDIA-A100-SXM4-40GB|40Gi|all|16|10',
    '|east|8|8|0%',
    '|west|8|2|75%',
  ]);
  expect(gpuLines([])).toEqual(['no cluster reports a GPU']);
});
