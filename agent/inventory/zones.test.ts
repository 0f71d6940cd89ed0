/** @module NodeResourceTopologies in reports: a fit on the hub is an estimate wherever one on the same objects as a dump is, and the report says why. */
import { describe, expect, test } from 'vitest';
import { fitCluster } from '../../shared/capacity/fit.ts';
import { podShapeOf } from '../../shared/capacity/pod-shape.ts';
import type { CapacityReport } from '../../shared/capacity/report.ts';
import { createRoom } from '../../shared/capacity/room.ts';
import { podObject, type TestManagers, zonedNode } from '../../shared/capacity/testing-dump.ts';
import { answer } from '../../shared/capacity/testing-fit-dump.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { readReportMessage, writeReportMessage } from '../../shared/wire/report-message.ts';
import { kubeletFactsOf } from './configz.ts';
import { buildReport } from './report.ts';
import { applyEvent, createInventoryState, type InventoryState, project, type SourceName } from './state.ts';

const sources = { nodes: 'Node', pods: 'Pod', noderesourcetopologies: 'NodeResourceTopology' } satisfies Partial<
  Record<SourceName, string>
>;

const stateOf = (objects: readonly object[]): InventoryState => {
  const state = createInventoryState();
  for (const [source, kind] of Object.entries(sources) as [keyof typeof sources, string][]) {
    applyEvent(state, source, { type: 'Init' });
    for (const entry of objects as readonly KubeObject[]) {
      const item = entry.kind === kind ? project(source, entry) : undefined;
      if (item !== undefined) applyEvent(state, source, { type: 'InitApply', key: entry.metadata.name, item });
    }
    applyEvent(state, source, { type: 'InitDone', resourceVersion: '7' });
  }
  return state;
};

/** The report as the hub has it. */
const onTheHub = (state: InventoryState): CapacityReport => {
  const report = buildReport(state, { epoch: 1, seq: 1, nowMs: 0, works: new Map(), acks: {} });
  const read = readReportMessage(writeReportMessage({ v: 1, cluster: 'eu', bootId: 'b', report }));
  if (!read.ok || read.value.report.kind !== 'snapshot') throw new Error(read.ok ? 'no snapshot' : read.message);
  return read.value.report;
};

type Topology = { attributes: { name: string; value: string }[]; zones: { name: string; resources: { [field: string]: string }[] }[] };

/** A node of 8 CPUs in two zones under single-numa-node and its NodeResourceTopology, with something changed in that. */
const changed = (change: (topology: Topology) => void, managers: TestManagers = {}, name = 'n'): object[] => {
  const halves = [0, 1].map(() => ({ cpu: 4, memoryGi: 8, gpu: 2 }));
  const [node, topology] = zonedNode(name, halves, { policy: 'single-numa-node', ...managers });
  const { status } = node as { status: { allocatable: object; capacity?: object } };
  status.capacity = status.allocatable;
  change(topology as Topology);
  return [node as object, topology as object];
};

const told = (name: string, value: string | undefined) => (topology: Topology) => {
  const others = topology.attributes.filter((attribute) => attribute.name !== name);
  topology.attributes = value === undefined ? others : [...others, { name, value }];
};
const zonesNamed = (prefix: string) => (topology: Topology) => {
  for (const zone of topology.zones) zone.name = zone.name.replace('node-', prefix);
};
const cpusOf = (amount: string) => (topology: Topology) => {
  for (const { resources } of topology.zones)
    for (const row of resources) if (row.name === 'cpu') Object.assign(row, { capacity: amount, allocatable: amount, available: amount });
};

const typed = (type: string) => (topology: Topology) => {
  Object.assign(topology.zones[0] ?? {}, { type });
};

const three = podObject([{ cpu: '3', memory: '1Gi' }]);
const five = podObject([{ cpu: '5', memory: '1Gi' }]);
const gpu = podObject([{ cpu: '100m', memory: '1Gi', gpu: 1 }]);
const plain = podObject([{ cpu: '500m', memory: '1Gi', burstable: true }]);

const hubFit = (objects: readonly object[], shape: object) => {
  const report = onTheHub(stateOf(objects));
  const asked = podShapeOf((shape as { spec: unknown }).spec);
  const { count, exact } = fitCluster(report, asked);
  expect(createRoom(report, []).fit(asked)).toMatchObject({ count, exact });
  return { total: count, exact };
};

describe('a fit on a report with a NodeResourceTopology', () => {
  test.each<[string, object[]]>([
    ['all is told', changed(() => undefined)],
    ['an unknown policy', changed(told('topologyManagerPolicy', 'weird'))],
    ['a policy that is left out', changed(told('topologyManagerPolicy', undefined))],
    ['an unknown scope', changed(told('topologyManagerScope', 'weird'))],
    ['an unknown CPU manager', changed(told('cpuManagerPolicy', 'weird'))],
    ['a CPU manager that is left out', changed(told('cpuManagerPolicy', undefined))],
    ['an unknown memory manager', changed(told('memoryManagerPolicy', 'weird'))],
    ['an unknown option', changed(told('cpuManagerPolicyOptions', 'weird=true'))],
    ['full cores in other words', changed(told('cpuManagerPolicyOptions', 'full-pcpus-only=1'), { threadsPerCore: 2 })],
    ['threads that are no number', changed(told('threadsPerCore', 'two'), { cpuOptions: 'full-pcpus-only=true' })],
    ['zones larger than the node', changed(cpusOf('64'))],
    ['a zone of another type', changed(typed('Socket'))],
  ])('answers as for a dump: %s', (_, objects) => {
    for (const shape of [three, five, gpu, plain]) {
      const { total, exact } = answer(objects, shape) as { total: number; exact: boolean };
      expect(hubFit(objects, shape)).toEqual({ total, exact });
    }
  });

  test.each<[string, (topology: Topology) => void, RegExp]>([
    ['names zones without a number', zonesNamed('numa-'), /^NodeResourceTopology n: zones\[0\]\.name: "numa-1" has no zone number/],
    ['has an amount that is none', cpusOf('x'), /^NodeResourceTopology n: zones\[0\]\.resources\[0\]\.capacity: "x" is no quantity/],
    ['has an amount beyond all bounds', cpusOf('1e30'), /^NodeResourceTopology n: zones: cpu of node-0 is more/],
  ])('that %s promises nothing that comes of zones, and the rest as an estimate', (_, change, why) => {
    const objects = changed(change);
    expect(onTheHub(stateOf(objects)).unsupported).toEqual([expect.stringMatching(why)]);
    for (const shape of [three, five, gpu]) expect(hubFit(objects, shape)).toEqual({ total: 0, exact: false });
    expect(hubFit(objects, plain)).toEqual({ total: 16, exact: false });
  });

  test('is exact where what is in doubt cannot run the pod, as on a tainted node', () => {
    const [node, topology] = changed(told('topologyManagerPolicy', 'weird'), {}, 'm');
    const tainted = { ...node, spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } };
    expect(hubFit([...changed(() => undefined), tainted, topology as object], three)).toEqual({ total: 2, exact: true });
  });
});

test('nodes in the same doubt are told of together, and are a group as long as it lasts', () => {
  const doubted = Array.from({ length: 8 }, (_, at) => changed(told('topologyManagerPolicy', 'weird'), {}, `n${at}`)).flat();
  const report = onTheHub(stateOf(doubted));
  expect(report.groups.map(({ topologyDoubt }) => topologyDoubt)).toEqual(['unsure']);
  expect(report.unsupported).toEqual([
    'NodeResourceTopology n0, n1, n2, n3, n4 and 3 more: attributes: topologyManagerPolicy "weird" is not known',
  ]);
  expect(onTheHub(stateOf(changed(() => undefined))).groups[0]).not.toHaveProperty('topologyDoubt');
});

test('a kubelet that tells its own settings leaves no doubt of them', () => {
  const state = stateOf(changed(told('topologyManagerPolicy', 'weird')));
  const kubelet = kubeletFactsOf({ kubeletconfig: { topologyManagerPolicy: 'restricted', cpuManagerPolicy: 'static' } });
  if (kubelet !== undefined) state.kubelets.set('n', kubelet);
  const report = onTheHub(state);
  expect(report.unsupported).toEqual([]);
  expect(report.groups[0]).toMatchObject({ numa: { policy: 'restricted' } });
  expect(report.groups[0]?.numa?.guessed).toBeUndefined();
});
