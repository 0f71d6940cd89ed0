/** @module The story that the tour tells: three clusters join, a policy, a Deployment, a burst, the loss of a cluster and its return. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Cluster, clusterCondition, clusters } from '../../shared/api/cluster.ts';
import { failoverDefaults } from '../../shared/api/failover-policy.ts';
import type { Placement } from '../../shared/api/placement.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { openKubeconfig } from './connect.ts';
import type { Federation } from './federation.ts';
import { waitUntil } from './wait.ts';

/** Replicas by cluster. */
export type Shares = { readonly [cluster: string]: number };

/** Where the replicas were at each turn of the story. */
export type Placed = {
  readonly before?: Shares;
  readonly afterBurst?: Shares;
  readonly afterLoss?: Shares;
  readonly afterReturn?: Shares;
};

const replicasBefore = 8;
const replicasBurst = 24;
const stepWithinMs = 90_000;
/** The longest hold-down that the policy allows, and what a step takes. */
const heldWithinMs = failoverDefaults.failback.maxHoldDownSeconds * 1_000 + stepWithinMs;
const deployments = { group: 'apps', version: 'v1', resource: 'deployments', namespace: 'shop', name: 'web' };
const placements = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placements', namespace: 'shop', name: 'web-deployment' };

const resourceOf: Readonly<Record<string, { group: string; version: string; resource: string }>> = {
  Namespace: { group: '', version: 'v1', resource: 'namespaces' },
  PlacementPolicy: { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' },
  Deployment: { group: 'apps', version: 'v1', resource: 'deployments' },
};

const applyObject = async (client: KubeClient, object: KubeObject): Promise<void> => {
  const type = resourceOf[object.kind];
  if (type === undefined) throw new Error(`the tour has no resource for kind ${object.kind}`);
  const { name, namespace } = object.metadata;
  const address = { ...type, name, ...(namespace === undefined ? {} : { namespace }) };
  await client.patch(address, 'application/apply-patch+yaml', object, { fieldManager: 'tour', force: true });
};

/** Where the story plays. */
export type Stage = {
  readonly federation: Federation;
  readonly client: KubeClient;
  readonly env: RuntimeEnv;
  readonly dataDir: string;
  /** Ends what waits. */
  readonly signal: AbortSignal;
};

/** Ready replicas that a member itself reports; 0 when it does not answer or has none. */
const readyIn = async ({ env, dataDir }: Stage, name: string): Promise<number> => {
  const { api } = await openKubeconfig(join(dataDir, 'members', name, 'kubeconfig'), env);
  try {
    const deployment = await api.get(deployments);
    return (deployment?.status as { readyReplicas?: number } | undefined)?.readyReplicas ?? 0;
  } finally {
    await api.close();
  }
};

const sharesOf = (placement: Placement | undefined): Shares =>
  Object.fromEntries((placement?.spec.clusters ?? []).map(({ name, replicas = 0 }) => [name, replicas]));

const sum = (shares: Shares): number => Object.values(shares).reduce((total, count) => total + count, 0);

/** Waits until the hub has placed all replicas, `fits` holds, every running member has its share ready, and the hub's own status says so. */
const settled = async (stage: Stage, wanted: number, fits: (shares: Shares) => boolean): Promise<Shares> => {
  let seen = 'nothing placed yet';
  const look = async (): Promise<Shares | undefined> => {
    const shares = sharesOf((await stage.client.get(placements)) as Placement | undefined);
    const running = stage.federation.members.states().filter((state) => state.running);
    const ready = Object.fromEntries(await Promise.all(running.map(async ({ name }) => [name, await readyIn(stage, name)] as const)));
    const status = (await stage.client.get(deployments))?.status as { readyReplicas?: number } | undefined;
    seen = `placed ${JSON.stringify(shares)}, ready ${JSON.stringify(ready)}, the hub says ${status?.readyReplicas ?? 0}`;
    const same = running.every(({ name }) => (ready[name] ?? 0) === (shares[name] ?? 0));
    if (sum(shares) !== wanted || !fits(shares) || !same || status?.readyReplicas !== wanted) return undefined;
    return Object.fromEntries(stage.federation.clusters.map(({ name }) => [name, shares[name] ?? 0]));
  };
  return waitUntil(`${wanted} ready replicas`, look, { withinMs: stepWithinMs, why: () => seen, signal: stage.signal });
};

/** Waits until a cluster that came back takes replicas again, however long it is held down; tells what the hub says it waits for. */
const readmitted = (stage: Stage, name: string, wait: (text: string) => void): Promise<true> => {
  let seen = '';
  const look = async (): Promise<true | undefined> => {
    const cluster = (await stage.client.get({ ...clusters, name })) as Cluster | undefined;
    const { reason, message = '' } = (cluster === undefined ? undefined : clusterCondition(cluster, 'Ready')) ?? {};
    if (reason === 'AgentReady') return true;
    if (message !== seen && reason === 'Returning') wait(message);
    seen = message;
    return undefined;
  };
  return waitUntil(`${name} to take replicas again`, look, { withinMs: heldWithinMs, why: () => seen, signal: stage.signal });
};

const shown = (shares: Shares): string =>
  Object.entries(shares)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

const scale = (client: KubeClient, replicas: number) =>
  client.patch(deployments, 'application/merge-patch+json', { spec: { replicas } }, { fieldManager: 'tour' });

/** Runs a step and tells it; `wait` tells meanwhile what it waits for. */
export type Teller = <T>(name: string, work: (wait: (text: string) => void) => Promise<{ detail: string; value: T }>) => Promise<T>;

/** Tells it from the join on; `placed` is filled in as it goes. @throws Error when a step does not come about in time, or at the signal. */
export const tellStory = async (stage: Stage, tell: Teller, placed: { -readonly [K in keyof Placed]: Shares }): Promise<void> => {
  const { client, federation } = stage;
  await tell('join', async () => {
    const absent = await federation.joined();
    if (absent.length > 0) throw new Error(absent.join('; '));
    return {
      detail: `${federation.clusters.length} clusters are in: ${federation.clusters.map(({ name }) => name).join(', ')}`,
      value: undefined,
    };
  });
  await tell('policy', async () => {
    const text = await readFile(join(import.meta.dirname, 'examples', 'web.yaml'), 'utf8');
    const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
    for (const object of objects.filter(({ kind }) => kind !== 'Deployment')) await applyObject(client, object);
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    if (deployment === undefined) throw new Error('the example has no Deployment');
    await applyObject(client, { ...deployment, spec: { ...(deployment.spec as object), replicas: replicasBefore } });
    return { detail: 'own data centre first, clouds when it is full', value: undefined };
  });
  placed.before = await tell('deploy', async () => {
    const shares = await settled(stage, replicasBefore, () => true);
    return { detail: shown(shares), value: shares };
  });
  placed.afterBurst = await tell('burst', async () => {
    await scale(client, replicasBurst);
    const shares = await settled(stage, replicasBurst, () => true);
    return { detail: shown(shares), value: shares };
  });
  const burst = placed.afterBurst;
  const lost = [...federation.clusters].reverse().find(({ name, provider }) => provider !== 'onprem' && (burst[name] ?? 0) > 0)?.name;
  if (lost === undefined) throw new Error(`the burst reached no cloud: ${shown(burst)}`);
  placed.afterLoss = await tell('loss', async () => {
    await federation.members.stop(lost);
    const shares = await settled(stage, replicasBurst, (now) => (now[lost] ?? 0) === 0);
    return { detail: `${lost} is gone; ${shown(shares)}`, value: shares };
  });
  placed.afterReturn = await tell('return', async (wait) => {
    await federation.members.start(lost);
    await federation.whenReady(lost);
    await readmitted(stage, lost, wait);
    const shares = await settled(stage, replicasBurst, (now) => (now[lost] ?? 0) === burst[lost]);
    return { detail: `${lost} is back; ${shown(shares)}`, value: shares };
  });
};
