/** @module HAMi's quotas of a namespace: a dump and the agent's report of the same cluster leave room for as many replicas. */
import { expect, test } from 'vitest';
import { fitCluster } from '../../shared/capacity/fit.ts';
import { podShapeOfObject } from '../../shared/capacity/index.ts';
import { answer, held, node, pod, requests } from '../../shared/capacity/testing-fit-dump.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { buildReport } from './report.ts';
import { applyEvent, createInventoryState, project, type SourceName } from './state.ts';

const sources: Partial<Record<SourceName, string>> = { nodes: 'Node', pods: 'Pod', resourcequotas: 'ResourceQuota' };

const reportOf = (objects: readonly object[]) => {
  const state = createInventoryState();
  for (const [source, kind] of Object.entries(sources) as [SourceName, string][]) {
    applyEvent(state, source, { type: 'Init' });
    for (const entry of objects as readonly KubeObject[]) {
      const item = entry.kind === kind ? project(source, entry) : undefined;
      if (item !== undefined) applyEvent(state, source, { type: 'InitApply', key: entry.metadata.name, item });
    }
    applyEvent(state, source, { type: 'InitDone', resourceVersion: '7' });
  }
  return buildReport(state, { epoch: 1, seq: 1, nowMs: 0, works: new Map(), acks: {} });
};

const gpus = (memory: readonly number[]): object => {
  const register = memory.map((mib, at) => `g${at},10,${mib},100,T4,0,true:`).join('');
  return node(
    'n',
    { cpu: '64', pods: '99', 'nvidia.com/gpu': '20' },
    { metadata: { annotations: { 'hami.io/node-nvidia-register': register } } },
  );
};
const alike = gpus([16_000, 16_000]);
const unlike = gpus([16_000, 8_000]);
const quota = (hard: object, namespace = 'default'): object => {
  // The controller of quotas writes hard amounts into the status and counts none of these.
  return { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q', namespace }, spec: { hard }, status: { hard, used: {} } };
};
const user = (allocated: string, status: object = { phase: 'Running' }): object =>
  held('u', requests({ 'nvidia.com/gpu': '1' }), { metadata: { annotations: { 'hami.io/vgpu-devices-allocated': allocated } }, status });
const asking = (amounts: Record<string, string>) =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [`nvidia.com/${name}`, amount]));
const memory = (amount: string) => quota({ 'limits.nvidia.com/gpumem': amount });
const cores = (amount: string) => quota({ 'limits.nvidia.com/gpucores': amount });
const twoThousand = { gpu: '1', gpumem: '2000' };

test.each<[string, object[], Record<string, string>, number, boolean]>([
  ['memory of the GPUs is counted', [alike, memory('7000')], twoThousand, 3, true],
  ['memory of each of several GPUs is counted', [alike, memory('7000')], { gpu: '2', gpumem: '2000' }, 1, true],
  ['cores of the GPUs are counted', [alike, cores('100')], { ...twoThousand, gpucores: '30' }, 3, true],
  ['cores that are not asked for are not', [alike, cores('100')], twoThousand, 16, true],
  ['what pods hold is taken off', [alike, memory('7000'), user('g0,T4,3000,0:;')], twoThousand, 2, true],
  ['cores that pods hold are taken off', [alike, cores('100'), user('g0,T4,1000,50:;')], { ...twoThousand, gpucores: '20' }, 2, true],
  ['what a pod held that has ended is not', [alike, memory('7000'), user('g0,T4,3000,0:;', { phase: 'Succeeded' })], twoThousand, 3, true],
  ['0 is no limit', [alike, memory('0')], twoThousand, 16, true],
  ['that of another namespace does not count', [alike, quota({ 'limits.nvidia.com/gpumem': '7000' }, 'other')], twoThousand, 16, true],
  ['a percent is of alike GPUs', [alike, memory('20000')], { gpu: '1', 'gpumem-percentage': '50' }, 2, true],
  [
    'a percent of unlike GPUs is that of the largest, an estimate',
    [unlike, memory('20000')],
    { gpu: '1', 'gpumem-percentage': '50' },
    2,
    false,
  ],
  ['requests, which the API server counts, are as written', [alike, quota({ 'requests.nvidia.com/gpumem': '7000' })], twoThousand, 3, true],
])('%s', (_, objects, amounts, total, exact) => {
  const shape = pod({ containers: [{ name: 'c', resources: { limits: asking(amounts) } }] });
  expect(answer(objects, shape)).toMatchObject({ total, exact });
  const asked = podShapeOfObject(shape);
  if (asked === undefined) throw new Error('a pod has a shape');
  const { count, exact: isExact } = fitCluster(reportOf(objects), asked);
  // Reports tell amounts of bytes in MiB; GPUs are counted as they are.
  expect({ count, exact: isExact }).toEqual({ count: total, exact });
});
