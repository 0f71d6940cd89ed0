/** @module A user on a thread of their own who creates Deployments at the hub and watches them come up in the members, all on one clock. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { openKubeconfig } from '../../../deploy/local/connect.ts';
import { waitUntil } from '../../../deploy/local/wait.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import type { Collection, KubeClient, WatchEvent } from '../../../shared/kube/client/port.ts';
import type { GroupVersionResource, KubeObject } from '../../../shared/kube/object.ts';
import { silentLog } from '../../../shared/lib/index.ts';

/** Files of the kubeconfigs to use. */
export type ApplyClientOptions = { readonly hub: string; readonly members: Readonly<Record<string, string>> };

/** When the client saw each step of one Deployment, in ms since it began to send it. For steps in members: the last member. */
export type ApplyTimes = {
  /** The hub's answer to the POST. */
  readonly answered: number;
  /** The Placement at the hub. */
  readonly placed: number;
  /** The agent's record of the work, in the member. */
  readonly recorded: number;
  /** The Deployment, in the member. */
  readonly present: number;
  /** The hub's own Deployment says that every copy is ready. */
  readonly ready: number;
};

/** Creates one Deployment after the other. */
export type ApplyClient = {
  readonly apply: (name: string) => Promise<ApplyTimes>;
  /** Deletes all of them; resolves when no member has a pod left. */
  readonly clear: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** The namespace of all Deployments of the benchmark; made by the client. */
export const applyNamespace = 'bench';

const turnMsMax = 30_000;
const clearMsMax = 120_000;
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const placements = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placements' };
const policies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'clusterplacementpolicies' };
const namespaces = { group: '', version: 'v1', resource: 'namespaces' };
const secrets = { group: '', version: 'v1', resource: 'secrets' };
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
    clear: () => ask<void>('clear'),
    close: async () => {
      await worker.terminate();
    },
  };
};

type Ask = { readonly apply: string } | 'clear';

/** The first moment of each thing seen since the turn began. */
type Moments = {
  readonly begin: () => void;
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

const deployment = (name: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: applyNamespace },
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
  const fail = (error: unknown): void => parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
  const moments = makeMoments();
  const { api } = await openKubeconfig(hub, env);
  await api.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: applyNamespace } });
  await api.create(policies, policy);
  const names = Object.keys(members);
  const isReady = ({ status }: KubeObject): boolean => (status as { readyReplicas?: number } | undefined)?.readyReplicas === names.length;
  const inNamespace = { namespace: applyNamespace };
  const apis = await Promise.all(
    Object.entries(members).map(async ([member, file]) => [member, (await openKubeconfig(file, env)).api] as const),
  );
  follow(api, { ...placements, ...inNamespace }, ({ object }) => moments.see(`${object.metadata.name} placed`)).catch(fail);
  follow(api, { ...deployments, ...inNamespace }, ({ object }) => {
    if (isReady(object)) moments.see(`${object.metadata.name} ready`);
  }).catch(fail);
  for (const [member, its] of apis) {
    follow(its, { ...deployments, ...inNamespace }, ({ object }) => moments.see(`${object.metadata.name} in ${member}`)).catch(fail);
    // A turn makes one new record in each member.
    follow(its, { ...secrets, namespace: 'hanse-system' }, ({ type }) => {
      if (type === 'ADDED') moments.see(`record in ${member}`);
    }).catch(fail);
  }
  const turn = async (name: string): Promise<ApplyTimes> => {
    moments.begin();
    const answered = api.create(deployments, deployment(name)).then(() => moments.see('answer'));
    const last = async (whats: readonly string[]): Promise<number> => Math.max(...(await moments.all(whats)));
    const records = names.map((member) => `record in ${member}`);
    const copies = names.map((member) => `${name} in ${member}`);
    await answered;
    await moments.all(['answer', `${name}-deployment placed`, ...records, ...copies, `${name} ready`]);
    return {
      answered: await last(['answer']),
      placed: await last([`${name}-deployment placed`]),
      recorded: await last(records),
      present: await last(copies),
      ready: await last([`${name} ready`]),
    };
  };
  const clear = async (): Promise<void> => {
    const { items } = await api.list({ ...deployments, ...inNamespace });
    for (const { metadata } of items) await api.delete({ ...deployments, ...inNamespace, name: metadata.name });
    const isEmpty = async (client: KubeClient, what: GroupVersionResource): Promise<true | undefined> =>
      (await client.list({ ...what, ...inNamespace }, { limit: 1 })).items.length === 0 ? true : undefined;
    await waitUntil('the hub to have let go of all Deployments', () => isEmpty(api, deployments), { withinMs: clearMsMax });
    for (const [member, its] of apis) await waitUntil(`${member} to be empty`, () => isEmpty(its, pods), { withinMs: clearMsMax });
  };
  parentPort?.on('message', (message: Ask) => {
    (message === 'clear' ? clear() : turn(message.apply)).then((value) => parentPort?.postMessage({ value }), fail);
  });
  parentPort?.postMessage({ value: 'open' });
};

const started: unknown = workerData;
if (typeof started === 'object' && started !== null && 'applyClient' in started) {
  await serveApplies(started.applyClient as ApplyClientOptions);
}
