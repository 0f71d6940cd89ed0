/** @module GPUs that HAMi shares, in reports: what is free of them, what is not told, and that a fit answers as it does for a dump. */
import { describe, expect, test } from 'vitest';
import { createReportReceiver } from '../../shared/capacity/delta-receive.ts';
import { createReportSender } from '../../shared/capacity/delta-send.ts';
import { fitCluster } from '../../shared/capacity/fit.ts';
import { podShapeOf } from '../../shared/capacity/pod-shape.ts';
import type { CapacityDelta, CapacityReport } from '../../shared/capacity/report.ts';
import { createRoom } from '../../shared/capacity/room.ts';
import { answer, held, node, pod, requests } from '../../shared/capacity/testing-fit-dump.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { readReportMessage, writeReportMessage } from '../../shared/wire/report-message.ts';
import { HAMI_DEVICES_MAX, hamiAskedMs, hamiNodeOf, isHamiSilent } from './hami.ts';
import { buildReport } from './report.ts';
import { applyEvent, createInventoryState, project, type SourceName } from './state.ts';

const nowMs = Date.parse('2026-11-22T08:00:00Z');

const reportOf = (objects: readonly object[], seq = 1): CapacityReport => {
  const state = createInventoryState();
  for (const source of ['nodes', 'pods'] satisfies SourceName[]) {
    applyEvent(state, source, { type: 'Init' });
    for (const entry of objects as readonly KubeObject[]) {
      const item = entry.kind === (source === 'nodes' ? 'Node' : 'Pod') ? project(source, entry) : undefined;
      if (item !== undefined) applyEvent(state, source, { type: 'InitApply', key: entry.metadata.name, item });
    }
    applyEvent(state, source, { type: 'InitDone', resourceVersion: '7' });
  }
  return buildReport(state, { epoch: 1, seq, nowMs, works: new Map(), acks: {} });
};

/** The report as the hub has it. */
const onTheHub = (report: CapacityReport | CapacityDelta): CapacityReport | CapacityDelta => {
  const read = readReportMessage(writeReportMessage({ v: 1, cluster: 'eu', bootId: 'b', report }));
  if (!read.ok) throw new Error(read.message);
  return read.value.report;
};

const register = 'hami.io/node-nvidia-register';
const text = 'GPU-1,10,16000,100,T4,0,true:GPU-2,10,16000,100,T4,1,false:,:';
const two = 'GPU-1,10,16000,100,T4,0,true:GPU-2,10,16000,100,T4,0,true:';

const gpuNode = (annotations: object, name = 'n') =>
  node(name, { cpu: '64', pods: '99', 'nvidia.com/gpu': '20' }, { metadata: { annotations } });
const user = (allocated: string | undefined, gpus = 1, name = 'u') =>
  held(name, requests({ 'nvidia.com/gpu': String(gpus) }), {
    metadata: allocated === undefined ? {} : { annotations: { 'hami.io/vgpu-devices-allocated': allocated } },
  });

describe('GPUs that HAMi shares', () => {
  test('are the same in both formats', () => {
    const json = JSON.stringify([
      { id: 'GPU-1', index: 0, count: 10, devmem: 16_000, devcore: 100, type: 'T4', numa: 0, mode: '', health: true },
      { id: 'GPU-2', index: 1, count: 10, devmem: 16_000, devcore: 100, type: 'T4', numa: 1, health: false, later: {} },
    ]);
    const gpu = { memoryMiB: 16_000, cores: 100, slots: 10, type: 'T4', mode: '' };
    for (const written of [text, json])
      expect(hamiNodeOf({ [register]: written })?.gpus).toEqual([
        { ...gpu, id: 'GPU-1', numa: 0, healthy: true },
        { ...gpu, id: 'GPU-2', numa: 1, healthy: false },
      ]);
    expect(hamiNodeOf({})).toBeUndefined();
    expect(hamiNodeOf({ 'hami.io/node-mlu-register': text })).toBeUndefined();
    expect(hamiNodeOf({ [register]: '[{' })).toMatchObject({ gpus: [], isUnread: true });
  });

  test('are told up to a limit, and no more', () => {
    const many = Array.from({ length: HAMI_DEVICES_MAX + 1 }, (_, at) => `GPU-${at},1,1,100,T4,0,true`).join(':');
    const read = hamiNodeOf({ [register]: many });
    expect([read?.gpus.length, read?.isUnread]).toEqual([HAMI_DEVICES_MAX, true]);
  });

  test('are free of what bound pods hold, and a dead or cordoned one has no slots', () => {
    const report = reportOf([gpuNode({ [register]: text }), node('other'), user(';GPU-1,NVIDIA,3000,30:;;')]);
    expect(report.nodes.deviceFree).toEqual([
      { slots: [9, -1], memoryMiB: [13_000, -1], cores: [70, -1] },
      { slots: [0, -1], memoryMiB: [16_000, -1], cores: [100, -1] },
    ]);
    const cordoned = reportOf([gpuNode({ [register]: two.replace('GPU-2', 'GPU-10'), 'hami.io/device-cordon': 'GPU-10' })]);
    expect(cordoned.nodes.deviceFree?.map(({ slots }) => slots)).toEqual([[10], [0]]);
  });

  test('are dead five minutes after their plugin fell silent', () => {
    const asked = hamiAskedMs({ 'hami.io/node-handshake': 'Requesting_2026.11.22 07:54:00' });
    expect([isHamiSilent(asked, nowMs), isHamiSilent(asked, nowMs - 120_000)]).toEqual([true, false]);
    expect(isHamiSilent(hamiAskedMs({ 'hami.io/node-handshake': 'Reported 2026' }), nowMs)).toBe(false);
    expect(isHamiSilent(hamiAskedMs({ 'hami.io/node-handshake': 'Deleted_x' }), nowMs)).toBe(true);
    const silent = reportOf([gpuNode({ [register]: two, 'hami.io/node-handshake': 'Deleted_x' })]);
    expect(silent.nodes.deviceFree?.map(({ slots }) => slots)).toEqual([[0], [0]]);
  });
});

const limits = (amounts: object): object => ({ containers: [{ resources: { limits: { cpu: '100m', ...amounts } } }] });
const share = limits({ 'nvidia.com/gpu': 1, 'nvidia.com/gpumem': 3000 });
const noShare = limits({});

describe('a fit on a report with shared GPUs', () => {
  test.each<readonly [string, string, readonly object[], { count: number; exact: boolean; untold?: number }]>([
    ['all is told', two, [user('GPU-1,T,6000,10:;')], { count: 8, exact: true }],
    ['a MIG instance is held', two, [user('GPU-1[0-1],T,6000,10:;')], { count: 8, exact: true }],
    ['memory of a pod cannot be read', two, [user('GPU-1,T,much,10:;')], { count: 5, exact: false, untold: 0 }],
    ['cores of a pod cannot be read', two, [user('GPU-1,T,6000,:;')], { count: 5, exact: false, untold: 0 }],
    ['what a pod says cannot be read', two, [user('nonsense')], { count: 5, exact: false, untold: 1 }],
    ['a pod names a GPU of another node', two, [user('GPU-9,T,6000,10:;')], { count: 5, exact: false, untold: 1 }],
    ['a pod names one of its two GPUs', two, [user('GPU-1,T,6000,10:;', 2)], { count: 3, exact: false, untold: 1 }],
    ['a pod does not say what it holds', two, [user(undefined)], { count: 5, exact: false, untold: 1 }],
    ['no pod says what it holds', two, [user(undefined), user(undefined, 1, 'v')], { count: 0, exact: false, untold: 2 }],
    ['a record of the register cannot be read', `GPU-0,10,8GB,100,T4,0,true:${two}`, [], { count: 10, exact: false, untold: 0 }],
    ['the health of the only GPU cannot be read', 'GPU-1,10,16000,100,T4,0,maybe:', [], { count: 0, exact: false, untold: 0 }],
    ['the register cannot be read', '[{', [], { count: 0, exact: false, untold: 0 }],
  ])('answers the lowest count as for a dump, and an estimate unless all is told: %s', (_, written, pods, { untold, ...expected }) => {
    const objects = [gpuNode({ [register]: written }), ...pods];
    const report = onTheHub(reportOf(objects)) as CapacityReport;
    const shape = podShapeOf(share);
    expect(fitCluster(report, shape)).toMatchObject(expected);
    expect(createRoom(report, []).fit(shape)).toMatchObject(expected);
    const { total, exact } = answer(objects, pod(share));
    expect({ count: total, exact }).toEqual(expected);
    expect(fitCluster(report, podShapeOf(noShare)).exact).toBe(true);
    expect(report.groups[0]?.devicesUntold).toBe(untold);
    const told = untold === undefined ? [] : [expect.stringMatching(/^shared GPUs of n: HAMi annotations/)];
    expect(report.unsupported.filter((line) => line.startsWith('shared GPUs'))).toEqual(told);
  });

  test('is exact where as many fit on the GPUs that are known as on all else', () => {
    const small = node('n', { cpu: '1', 'nvidia.com/gpu': '20' }, { metadata: { annotations: { [register]: two } } });
    const oneCpu = podShapeOf({ containers: [{ resources: { limits: { cpu: '1', 'nvidia.com/gpu': 1 } } }] });
    const untold = held('u', { containers: [{ resources: { requests: { 'nvidia.com/gpu': '1' } } }] });
    expect(fitCluster(reportOf([small, untold]), oneCpu)).toMatchObject({ count: 1, exact: true });
  });

  test('is not made where a report says that less than nothing is untold: the hub refuses it', () => {
    const report = reportOf([gpuNode({ [register]: two })]);
    const groups = report.groups.map((group) => ({ ...group, devicesUntold: -1 }));
    expect(() => onTheHub({ ...report, groups })).toThrow(/devicesUntold must be an integer of at least 0/);
  });

  test('nodes of which something is untold are a group of their own as long as it is, by snapshots and by deltas', () => {
    const nodes = [gpuNode({ [register]: two }), gpuNode({ [register]: two }, 'm')];
    const sender = createReportSender();
    const receiver = createReportReceiver();
    const seen = [[], [user(undefined)], [user('GPU-1,T,6000,10:;')]].map((pods, at) => {
      const received = receiver.receive(onTheHub(sender.next(reportOf([...nodes, ...pods], at + 1))));
      if (received.kind !== 'new') throw new Error(received.kind);
      const { groups } = received.report;
      return [groups.map(({ devicesUntold }) => devicesUntold), fitCluster(received.report, podShapeOf(share)).exact];
    });
    expect(seen).toEqual([
      [[undefined], true],
      [[undefined, 1], false],
      [[undefined], true],
    ]);
  });
});
