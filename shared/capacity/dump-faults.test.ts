/** @module Fields of a dump that no API server serves, and words in it that are not known. */
import { describe, expect, it } from 'vitest';
import { fitDump } from './fit-dump.ts';
import { podObject, zonedNode } from './testing-dump.ts';
import { node, oneCpu, pod, requests } from './testing-fit-dump.ts';

describe('a field of a dump that no API server serves', () => {
  const slice = (spec: unknown): object => ({ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name: 's' }, spec });
  const topology = (fields: object): object => ({ kind: 'NodeResourceTopology', metadata: { name: 'n' }, ...fields });
  const tainted = (taints: unknown): object => node('n', {}, { spec: { taints } });

  it.each<[string, object, string]>([
    ['taints that are a text', tainted('x'), 'Node n: spec.taints: a list of objects is wanted, not "x"'],
    ['a taint that is null', tainted([null]), 'Node n: spec.taints[0]: a value is wanted'],
    ['a taint without an effect', tainted([{ key: 'a' }]), 'Node n: spec.taints[0].effect: say NoSchedule'],
    ['an effect that is none', tainted([{ key: 'a', effect: 'Foo' }]), 'Node n: spec.taints[0].effect: one of NoSchedule'],
    ['an effect in small letters', tainted([{ key: 'a', effect: 'noschedule' }]), 'Node n: spec.taints[0].effect: one of NoSchedule'],
    ['a taint without a key', tainted([{ effect: 'NoSchedule' }]), 'Node n: spec.taints[0].key: name the taint'],
    ['unschedulable as a text', node('n', {}, { spec: { unschedulable: 'true' } }), 'Node n: spec.unschedulable: true or false'],
    ['a label that is a number', node('n', {}, { metadata: { labels: { a: 1 } } }), 'Node n: metadata.labels[a]: a text is wanted, not 1'],
    ['amounts that are a text', node('n', {}, { status: { allocatable: 'x' } }), 'Node n: status.allocatable: an object is wanted'],
    ['a slice whose spec is a text', slice('x'), 'ResourceSlice s: spec: an object is wanted'],
    ['a slice without a spec', slice(undefined), 'ResourceSlice s: spec: an object is wanted'],
    ['devices that are a text', slice({ devices: 'x' }), 'ResourceSlice s: spec.devices: a list of objects is wanted'],
    ['zones that are a text', topology({ zones: 'x' }), 'NodeResourceTopology n: zones: a list of objects is wanted'],
    [
      'an attribute that is a number',
      topology({ attributes: [{ name: 'a', value: 1 }] }),
      'NodeResourceTopology n: attributes[0].value: a text',
    ],
  ])('is refused with its path: %s', (_, object, message) => {
    const objects = 'status' in object ? [object] : [node('n'), object];
    expect(fitDump(objects, oneCpu)).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  });

  it('is told from null, which is absent', () => {
    const empty = node('n', {}, { spec: { taints: null, unschedulable: null }, metadata: { labels: null } });
    expect(fitDump([empty], oneCpu)).toMatchObject({ value: { total: 4n, exact: true } });
  });
});

describe('a word of a dump that is not known', () => {
  const zones = [{ cpu: 4, memoryGi: 8 }];
  const shape = podObject([{ cpu: '1', memory: '1Gi' }]);
  const counted = (cpuOptions: string) =>
    fitDump(zonedNode('n', zones, { policy: 'single-numa-node', cpuOptions, threadsPerCore: 2 }), shape);

  it.each<[string, bigint]>([
    ['foo=true', 4n],
    ['full-pcpus-only=yes', 0n],
    ['full-pcpus-only', 0n],
    ['distribute-cpus-across-numa=on', 4n],
  ])('in the options of the CPU manager makes an estimate, the lowest count: %s', (option, total) => {
    const doubt = `NodeResourceTopology n: attributes: cpuManagerPolicyOptions ${JSON.stringify(option)} is not known`;
    expect(counted(option)).toMatchObject({ value: { total, exact: false, doubts: [doubt] } });
  });

  it.each<[string, bigint]>([
    ['full-pcpus-only=false', 4n],
    ['full-pcpus-only=1', 0n],
    ['distribute-cpus-across-numa=true, strict-cpu-reservation=true', 4n],
  ])('is told from those that a kubelet reads: %s', (option, total) => {
    expect(counted(option)).toMatchObject({ value: { total, exact: true } });
  });

  it('as the type of a zone leaves that zone out, and makes an estimate where the others then have less than the node', () => {
    const [machine, topology] = zonedNode('n', [...zones, ...zones], { policy: 'single-numa-node' }) as [object, { zones: object[] }];
    const { status } = machine as { status: { allocatable: object } };
    const told = { ...machine, status: { ...status, capacity: status.allocatable } };
    const [first, second] = topology.zones;
    const other = { ...topology, zones: [{ ...first, type: 'Socket' }, second] };
    const doubt = 'NodeResourceTopology n: zones[0].type: "Socket" is no NUMA node, and';
    expect(fitDump([told, other], podObject([{ cpu: '3', memory: '1Gi' }]))).toMatchObject({
      value: { total: 1n, exact: false, doubts: [`${doubt} those that are have 4000 of cpu in all, the node 8000`] },
    });
    expect(fitDump([machine, other], podObject([{ cpu: '3', memory: '1Gi' }]))).toMatchObject({
      value: { total: 1n, exact: false, doubts: [`${doubt} how many CPUs the node has is not told`] },
    });
    const around = { ...topology, zones: [...topology.zones, { ...first, name: 'socket-0', type: 'Socket' }] };
    expect(fitDump([told, around], podObject([{ cpu: '3', memory: '1Gi' }]))).toMatchObject({ value: { total: 2n, exact: true } });
  });

  it('in the label that tells how GPUs are shared makes an estimate for shapes that ask for GPUs', () => {
    const gpus = node('n', { 'nvidia.com/gpu': '8' }, { metadata: { labels: { 'nvidia.com/gpu.replicas': 'abc' } } });
    expect(fitDump([gpus], pod(requests({ 'nvidia.com/gpu': '1' })))).toMatchObject({
      value: { total: 8n, exact: false, doubts: [expect.stringContaining('Node n: metadata.labels[nvidia.com/gpu.replicas]: "abc"')] },
    });
    expect(fitDump([gpus], oneCpu)).toMatchObject({ value: { total: 4n, exact: true } });
  });
});
