/** @module What the agent measures of pods, over HTTP against an API that answers what a test wants. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type RuntimeEnv, silentLog } from '../../shared/lib/index.ts';
import { httpClient, type MemberApi } from '../cluster/index.ts';
import { json, type RawServer, rawServer } from '../testing/raw-server.ts';
import { measureUsage, type Usage } from './usage.ts';
import { useOfPods } from './use-of-pods.ts';

const startMs = Date.parse('2030-01-01T00:00:00Z');
const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
const pod = (name: string, cpu: string | undefined, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', resources: cpu === undefined ? {} : { requests: { cpu } } }] },
  status: ready,
  ...more,
});
const metrics = (name: string, cpu: string, atMs = startMs): KubeObject => ({
  apiVersion: 'metrics.k8s.io/v1beta1',
  kind: 'PodMetrics',
  metadata: { name },
  timestamp: new Date(atMs).toISOString(),
  window: '15s',
  containers: [{ name: 'c', usage: { cpu, memory: '1Mi' } }],
});

describe('the use of pods', () => {
  it.each<[string, KubeObject[], KubeObject[], object]>([
    [
      'is what they use of what they request',
      [pod('a', '500m'), pod('b', '1500m')],
      [metrics('a', '400m'), metrics('b', '400000001n')],
      { cpuPerMille: 400 },
    ],
    [
      'counts ready pods alone',
      [pod('a', '1'), pod('b', '1', { status: { phase: 'Running' } })],
      [metrics('a', '500m'), metrics('b', '0')],
      { cpuPerMille: 500 },
    ],
    ['may be above what they request', [pod('a', '100m')], [metrics('a', '1')], { cpuPerMille: 10_000 }],
    ['is told up to a hundred times the request', [pod('a', '1m')], [metrics('a', '4')], { cpuPerMille: 100_000 }],
    ['leaves out a pod that is not measured yet', [pod('a', '1'), pod('b', '1')], [metrics('a', '300m')], { cpuPerMille: 300 }],
  ])('%s', (_, pods, measured, use) => {
    expect(useOfPods(pods, measured, startMs)).toEqual({ use: { atMs: startMs, ...use } });
  });
  it.each<[string, KubeObject[], KubeObject[]]>([
    ['none is ready', [pod('a', '1', { status: {} })], [metrics('a', '1')]],
    ['most are not measured', [pod('a', '1'), pod('b', '1'), pod('c', '1')], [metrics('a', '1')]],
    ['what was measured is older than three minutes', [pod('a', '1')], [metrics('a', '1', startMs - 180_001)]],
    ['the figures are nonsense', [pod('a', '1')], [metrics('a', 'much')]],
    ['a sample has no time', [pod('a', '1')], [{ ...metrics('a', '1'), timestamp: undefined } as KubeObject]],
  ])('is unknown, and not zero, where %s', (_, pods, measured) => {
    expect(useOfPods(pods, measured, startMs)).toEqual({});
  });
  it('needs a request of each container, sidecars too, unless the pod has one of its own', () => {
    const sidecar = (more: object): KubeObject =>
      pod('a', '1', {
        spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }], initContainers: [{ name: 's', ...more }] },
      });
    const sample = [metrics('a', '500m')];
    expect(useOfPods([pod('a', undefined)], sample, startMs)).toEqual({ unmeasured: 'NoRequests' });
    expect(useOfPods([sidecar({ restartPolicy: 'Always' })], sample, startMs)).toEqual({ unmeasured: 'NoRequests' });
    expect(useOfPods([sidecar({})], sample, startMs).use?.cpuPerMille).toBe(500);
    const whole = pod('a', undefined, { spec: { containers: [{ name: 'c' }], resources: { requests: { cpu: '2' } } } });
    expect(useOfPods([whole], sample, startMs).use?.cpuPerMille).toBe(250);
  });
});

const metricsApi = { groupVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics', resource: 'pods', namespaced: true };
let server: RawServer;
let api: MemberApi;
let usage: Usage;
let nowMs: number;
let timers: { readonly delayMs: number; readonly run: () => void }[];
let changed: string[];
let used: string;
let refusal: number | undefined;
let services: { service: string; selector: Readonly<Record<string, string>> }[];

const env: RuntimeEnv = {
  nowMs: () => nowMs,
  monotonicMs: () => nowMs - startMs,
  random: () => 0.5,
  uuid: () => 'id',
  setTimer: (delayMs, run) => {
    const timer = { delayMs, run };
    timers.push(timer);
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  },
  log: silentLog,
};
const isMetrics = (url: string | undefined): boolean => url?.startsWith('/apis/metrics.k8s.io/') === true;
/** Lets the next round come, `ms` after the last, and waits for its end; how long it was to be waited for. */
const round = async (ms = 15_000): Promise<number | undefined> => {
  nowMs += ms;
  const due = timers.splice(0);
  for (const { run } of due) run();
  await vi.waitFor(() => expect(timers).toHaveLength(1));
  return due[0]?.delayMs;
};
const asked = (): string[] => server.requests.splice(0).filter((line) => isMetrics(line.slice(4)));

beforeEach(async () => {
  [nowMs, timers, changed, used, refusal] = [startMs, [], [], '400m', undefined];
  services = [{ service: 'shop/web', selector: { app: 'web' } }];
  server = await rawServer((request, response) => {
    const of = isMetrics(request.url);
    if (of && refusal !== undefined)
      json(response, refusal, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: refusal });
    else json(response, 200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [of ? metrics('a', used, nowMs) : pod('a', '1')] });
  });
  api = httpClient(server.access);
  usage = measureUsage({ client: api, env, services: () => services, onChange: (service) => changed.push(service) });
});
afterEach(async () => {
  usage.stop();
  await api.close();
  await server.close();
});

describe('measuring', () => {
  it('asks nothing where metrics.k8s.io is not served', () => {
    usage.setServed([{ ...metricsApi, groupVersion: 'v1' }]);
    expect([timers, usage.of('shop/web')]).toEqual([[], {}]);
  });
  it('asks for the pods of a service by their labels, each fifteen seconds', async () => {
    usage.setServed([metricsApi]);
    expect(await round()).toBe(15_000);
    expect(asked()).toEqual(['GET /apis/metrics.k8s.io/v1beta1/namespaces/shop/pods?labelSelector=app%3Dweb']);
    expect(usage.of('shop/web')).toEqual({ use: { cpuPerMille: 400, atMs: nowMs } });
    expect(changed).toEqual(['shop/web']);
  });
  it('asks once for all services of a namespace, and not for one that selects no pods', async () => {
    services.push({ service: 'shop/api', selector: { app: 'api' } }, { service: 'data/db', selector: {} });
    usage.setServed([metricsApi]);
    await round();
    expect(asked()).toEqual(['GET /apis/metrics.k8s.io/v1beta1/namespaces/shop/pods']);
    expect([usage.of('shop/web').use?.cpuPerMille, usage.of('shop/api'), usage.of('data/db')]).toEqual([400, {}, {}]);
  });
  it('tells a use when it moved by a step, and else each minute', async () => {
    usage.setServed([metricsApi]);
    await round();
    changed.length = 0;
    for (const next of ['449m', '351m', '420m']) {
      used = next;
      await round();
    }
    expect([changed, usage.of('shop/web').use?.cpuPerMille]).toEqual([[], 400]);
    await round();
    expect([changed, usage.of('shop/web').use]).toEqual([['shop/web'], { cpuPerMille: 420, atMs: nowMs }]);
    used = '470m';
    await round();
    expect(usage.of('shop/web').use?.cpuPerMille).toBe(470);
  });
  it('that is forbidden is told once, and tried again five minutes later', async () => {
    refusal = 403;
    usage.setServed([metricsApi]);
    await round();
    expect(usage.of('shop/web')).toEqual({ unmeasured: 'Forbidden' });
    for (let at = 0; at < 19; at++) await round();
    expect([asked().length, changed]).toEqual([1, ['shop/web']]);
    refusal = undefined;
    await round();
    expect(usage.of('shop/web').use?.cpuPerMille).toBe(400);
  });
  it('of something that is not there after all says nothing', async () => {
    refusal = 404;
    usage.setServed([metricsApi]);
    for (let at = 0; at < 5; at++) await round();
    expect([asked().length, changed, usage.of('shop/web')]).toEqual([1, [], {}]);
  });
  it('is given up for the round by the first failure, comes later each time, and what was measured holds until it is old', async () => {
    services.push({ service: 'data/db', selector: { app: 'web' } });
    usage.setServed([metricsApi]);
    await round();
    asked();
    refusal = 503;
    changed.length = 0;
    const waits = [await round(15_000), await round(60_000), await round(60_000)];
    expect(asked()).toHaveLength(3);
    expect([waits[0] ?? 0, (waits[1] ?? 0) < (waits[2] ?? 0)]).toEqual([15_000, true]);
    expect([changed, usage.of('shop/web').use?.cpuPerMille]).toEqual([[], 400]);
    await round(60_000);
    expect(usage.of('shop/web')).toEqual({});
    expect(changed.toSorted()).toEqual(['data/db', 'shop/web']);
  });
  it('ends where metrics are no longer served, and what was measured with it', async () => {
    usage.setServed([metricsApi]);
    await round();
    usage.setServed([]);
    expect([timers, usage.of('shop/web'), changed]).toEqual([[], {}, ['shop/web', 'shop/web']]);
  });
});
