/** @module A user on a thread of their own who creates Deployments at the hub and watches them come up in the members, all on one clock. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { httpClient, loadKubeconfig } from '../../../agent/cluster/index.ts';
import { waitUntil } from '../../../deploy/local/wait.ts';
import type { Collection, KubeClient, WatchEvent } from '../../../shared/kube/client/port.ts';
import type { GroupVersionResource, KubeObject } from '../../../shared/kube/object.ts';
import { present, silentLog } from '../../../shared/lib/index.ts';
import { messageOf } from '../../../shared/lib/message-of.ts';
import { nodeEnv } from '../../../shared/node/index.ts';

/** Files of the kubeconfigs to use. */
export type ApplyClientOptions = { readonly hub: string; readonly members: Readonly<Record<string, string>> };

/** When the client saw each step of one Deployment, in ms since it began to send it. For steps in members: the last member. */
export type ApplyTimes = {
  /** When it began, in ms since the epoch. */
  readonly begunAtMs: number;
  /** The hub's answer to the POST. */
  readonly answered: number;
  /** The Placement at the hub. */
  readonly placed: number;
  /** The Deployment, in the member. */
  readonly present: number;
};

/** Creates one Deployment after the other. */
export type ApplyClient = {
  /** Resolves when all members have it. */
  readonly apply: (name: string) => Promise<ApplyTimes>;
  /** Resolves when the hub's own object of the last `apply` says that every copy is ready; ms since it was sent. */
  readonly ready: () => Promise<number>;
  /** Creates one straight in the first member and takes it away again; ms until the member's watch shows it. */
  readonly direct: (name: string) => Promise<number>;
  /** Deletes all of them; resolves when no member has a pod left. */
  readonly clear: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** The namespace of all Deployments of the benchmark; made by the client. */
export const applyNamespace = 'bench';

/** On a machine that is busy with other things a slow answer is a figure, not an end of the measurement. */
const callTimeoutMs = 60_000;
const turnMsMax = 120_000;
const clearMsMax = 300_000;
const deletesAtOnce = 10;
/** Where Deployments go that the hub knows nothing of. */
const directNamespace = 'bench-direct';
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const placements = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placements' };
const policies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'clusterplacementpolicies' };
const namespaces = { group: '', version: 'v1', resource: 'namespaces' };
const pods = { group: '', version: 'v1', resource: 'pods' };

/** Starts the thread; resolves when its watches are open and the policy is there. */
export const startApplyClient = async (options: ApplyClientOptions): Promise<ApplyClient> => {
  const worker = new Worker(new URL(import.meta.url), { workerData: { applyClient: options }, execArgv: [] });
  const answer = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (message: { readonly value: T } | { readonly error: string }) => {
        worker.off('error', reject);
        if ('error' in message) reject(new Error(message.error));
        else resolve(message.value);
      });
    });
  const ask = <T>(message: Ask): Promise<T> => {
    const answered = answer<T>();
    worker.postMessage(message);
    return answered;
  };
  await answer<'open'>();
  return {
    apply: (name) => ask<ApplyTimes>({ apply: name }),
    ready: () => ask<number>('ready'),
    direct: (name) => ask<number>({ direct: name }),
    clear: () => ask<void>('clear'),
    close: async () => {
      await worker.terminate();
    },
  };
};

type Ask = { readonly apply: string } | { readonly direct: string } | 'ready' | 'clear';

/** The first moment of each thing seen since the turn began. */
type Moments = {
  /** Answers now, in ms since the epoch. */
  readonly begin: () => number;
  readonly see: (what: string) => void;
  readonly all: (whats: readonly string[]) => Promise<readonly number[]>;
};

const makeMoments = (): Moments => {
  let beganMs = 0;
  const seen = new Map<string, number>();
  let check: () => void = () => undefined;
  return {
    begin: () => {
      seen.clear();
      beganMs = performance.now();
      return performance.timeOrigin + beganMs;
    },
    see: (what) => {
      if (seen.has(what)) return;
      seen.set(what, performance.now() - beganMs);
      check();
    },
    all: (whats) =>
      new Promise((resolve, reject) => {
        const missing = (): string[] => whats.filter((what) => !seen.has(what));
        const timer = setTimeout(() => reject(new Error(`not seen within ${turnMsMax} ms: ${missing().join(', ')}`)), turnMsMax);
        check = () => {
          if (missing().length > 0) return;
          clearTimeout(timer);
          check = () => undefined;
          resolve(whats.map((what) => seen.get(what) ?? 0));
        };
        check();
      }),
  };
};

const follow = async (client: KubeClient, collection: Collection, onEvent: (event: WatchEvent) => void): Promise<void> => {
  for await (const event of client.watch(collection, { allowWatchBookmarks: true, signal: new AbortController().signal })) {
    if (event.type === 'ERROR') throw new Error(`a watch of ${collection.resource} ended: ${JSON.stringify(event.object)}`);
    if (event.type !== 'BOOKMARK') onEvent(event);
  }
  throw new Error(`a watch of ${collection.resource} ended`);
};

const policy: KubeObject = {
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'ClusterPlacementPolicy',
  metadata: { name: applyNamespace },
  spec: {
    resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: applyNamespace }],
    replicaScheduling: { strategy: 'Duplicated' },
  },
};

const deployment = (name: string, namespace: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image: 'nginx:1.29', resources: { requests: { cpu: '10m', memory: '16Mi' } } }] },
    },
  },
});

const serveApplies = async ({ hub, members }: ApplyClientOptions): Promise<void> => {
  const env = nodeEnv(silentLog);
  const fail = (error: unknown): void => parentPort?.postMessage({ error: messageOf(error) });
  const moments = makeMoments();
  const open = async (file: string): Promise<KubeClient> =>
    httpClient(await loadKubeconfig(file, env), { userAgent: 'hanse-bench', callTimeoutMs });
  const api = await open(hub);
  await api.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: applyNamespace } });
  await api.create(policies, policy);
  const names = Object.keys(members);
  const isReady = ({ status }: KubeObject): boolean => (status as { readyReplicas?: number } | undefined)?.readyReplicas === names.length;
  const inNamespace = { namespace: applyNamespace };
  const apis = await Promise.all(Object.entries(members).map(async ([member, file]) => [member, await open(file)] as const));
  const first = present(apis[0], 'a member')[1];
  await first.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: directNamespace } });
  follow(api, { ...placements, ...inNamespace }, ({ object }) => moments.see(`${object.metadata.name} placed`)).catch(fail);
  follow(api, { ...deployments, ...inNamespace }, ({ object }) => {
    if (isReady(object)) moments.see(`${object.metadata.name} ready`);
  }).catch(fail);
  for (const [member, its] of apis)
    follow(its, { ...deployments, ...inNamespace }, ({ object }) => moments.see(`${object.metadata.name} in ${member}`)).catch(fail);
  follow(first, { ...deployments, namespace: directNamespace }, ({ object }) => moments.see(`${object.metadata.name} direct`)).catch(fail);
  let last = '';
  const turn = async (name: string): Promise<ApplyTimes> => {
    last = name;
    const begunAtMs = moments.begin();
    const answered = api.create(deployments, deployment(name, applyNamespace)).then(() => moments.see('answer'));
    await answered;
    const copies = names.map((member) => `${name} in ${member}`);
    const [answer = 0, placed = 0, ...inMembers] = await moments.all(['answer', `${name}-deployment placed`, ...copies]);
    return { begunAtMs, answered: answer, placed, present: Math.max(...inMembers) };
  };
  const ready = async (): Promise<number> => Math.max(...(await moments.all([`${last} ready`])));
  const direct = async (name: string): Promise<number> => {
    moments.begin();
    await first.create(deployments, deployment(name, directNamespace));
    const [shown = 0] = await moments.all([`${name} direct`]);
    await first.delete({ ...deployments, namespace: directNamespace, name });
    return shown;
  };
  const clear = async (): Promise<void> => {
    const { items } = await api.list({ ...deployments, ...inNamespace });
    for (let at = 0; at < items.length; at += deletesAtOnce) {
      const some = items.slice(at, at + deletesAtOnce);
      await Promise.all(some.map(({ metadata }) => api.delete({ ...deployments, ...inNamespace, name: metadata.name })));
    }
    const isEmpty = async (client: KubeClient, what: GroupVersionResource): Promise<true | undefined> =>
      (await client.list({ ...what, ...inNamespace }, { limit: 1 })).items.length === 0 ? true : undefined;
    await waitUntil('the hub to have let go of all Deployments', () => isEmpty(api, deployments), { withinMs: clearMsMax });
    for (const [member, its] of apis) await waitUntil(`${member} to be empty`, () => isEmpty(its, pods), { withinMs: clearMsMax });
  };
  const perform = (message: Ask): Promise<unknown> => {
    if (message === 'clear') return clear();
    if (message === 'ready') return ready();
    return 'direct' in message ? direct(message.direct) : turn(message.apply);
  };
  parentPort?.on('message', (message: Ask) => {
    perform(message).then((value) => parentPort?.postMessage({ value }), fail);
  });
  parentPort?.postMessage({ value: 'open' });
};

const started: unknown = workerData;
if (typeof started === 'object' && started !== null && 'applyClient' in started) {
  await serveApplies(started.applyClient as ApplyClientOptions);
}
