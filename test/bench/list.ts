/** @module A list of 6,000 Deployments of 2 KB over HTTPS, as a client reads it: whole, compressed, as a Table, in pages. */
import type { KubeObject } from '../../shared/kube/object.ts';
import { keyOf } from '../../shared/kube/storage/index.ts';
import { type BenchOptions, type BenchResult, type Cell, percentile } from './lib/bench.ts';
import type { ReadRequest } from './lib/https-client.ts';
import { type RunningFront, startFront } from './lib/hub-front.ts';

const OBJECTS = 6_000;
const PAGE = 500;
const PATH = '/apis/apps/v1/deployments';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** Times are from the request to the last byte of the body. */
export const run = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  const running = await startFront();
  try {
    const objectBytes = await fill(running, quick ? OBJECTS / 10 : OBJECTS);
    const turns = quick ? 3 : 30;
    const whole = await measure(running, turns, { path: PATH });
    const gzip = await measure(running, turns, { path: PATH, headers: { 'accept-encoding': 'gzip' } });
    const table = await measure(running, turns, { path: PATH, headers: { accept: TABLE } });
    const pages = await measure(running, turns, { path: PATH, limit: PAGE });
    return {
      title: `List of ${running.store.count('apps/deployments/')} Deployments of ${objectBytes} bytes over HTTPS`,
      columns: ['way', 'p50 ms', 'p99 ms', 'body MB'],
      rows: [rowOf('whole', whole), rowOf('whole, gzip', gzip), rowOf('Table', table), rowOf(`pages of ${PAGE}`, pages)],
      goals: [{ name: 'whole list, p50', value: percentile(whole.times, 50), unit: 'ms', bound: 'max', goal: 100 }],
    };
  } finally {
    await running.close();
  }
};

type Figures = { readonly times: readonly number[]; readonly bytes: number };

const rowOf = (way: string, { times, bytes }: Figures): readonly Cell[] => [
  way,
  percentile(times, 50),
  percentile(times, 99),
  bytes / 1_000_000,
];

/** One unmeasured turn first, so that compiled code and open connections are what is measured. */
const measure = async ({ client }: RunningFront, turns: number, request: ReadRequest): Promise<Figures> => {
  const { bytes } = await client.read(request);
  const times: number[] = [];
  for (let turn = 0; turn < turns; turn++) times.push((await client.read(request)).ms);
  return { times, bytes };
};

/** Writes the Deployments past the API, which would add nothing but time; answers the size of one. */
const fill = async ({ store }: RunningFront, count: number): Promise<number> => {
  const writes = Array.from({ length: count }, (_, index) => {
    const object = deployment(index);
    return store.commit([{ op: 'put', key: keyOf('apps', 'deployments', object.metadata.namespace ?? '', object.metadata.name), object }]);
  });
  await Promise.all(writes);
  await store.reached(store.revision());
  return JSON.stringify(deployment(0)).length;
};

const deployment = (index: number): KubeObject => {
  const name = `web-${String(index).padStart(5, '0')}`;
  const labels = { app: name, tier: 'frontend' };
  const containers = [1, 2].map((n) => ({
    name: `c${n}`,
    image: `registry.example/shop/web:${index}`,
    imagePullPolicy: 'IfNotPresent',
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '256Mi' } },
    env: Array.from({ length: 8 }, (_, e) => ({ name: `SETTING_${e}`, value: `value-${e}-of-${name}` })),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  }));
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace: `shop-${index % 20}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels,
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: {
        metadata: { labels },
        spec: { containers, restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', terminationGracePeriodSeconds: 30 },
      },
    },
    status: { replicas: 3, readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3, observedGeneration: 1 },
  };
};
