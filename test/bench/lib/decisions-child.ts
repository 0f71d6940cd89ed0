/** @module One scenario of the benchmark `decisions` in a process of its own: `node decisions-child.ts burst|single|loss|memory CLUSTERS NODES COUNT`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { WorkItem } from '../../../shared/wire/index.ts';
import { percentile } from './bench.ts';
import { clusterObject, deploymentObject, type HubCore, policyObject, startHubCore } from './hub-core.ts';

/** What a scenario found; times in ms. */
export type DecisionsResult = Readonly<Record<string, number>>;

const namespace = 'shop';
const placements = 'hanse.dev/placements/shop/';
const waitMsMax = 120_000;

/** Resolves with the time at which the condition held, looked at whenever the store or the fleet moved. */
const until = async (core: HubCore, holds: () => boolean): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const timer = setTimeout(() => reject(new Error(`not reached within ${waitMsMax} ms`)), waitMsMax);
  const look = (): void => {
    if (holds()) resolve(performance.now());
  };
  const unwatch = core.store.watch(placements, core.store.revision(), look);
  const heard = core.fleet.onWork;
  core.fleet.onWork = (item) => {
    heard(item);
    look();
  };
  look();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    unwatch();
    core.fleet.onWork = heard;
  }
};

/** The longest time that the event loop was kept from its timers. */
const watchLoop = (): (() => number) => {
  let worst = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last - 5);
    last = now;
  }, 5);
  return () => {
    clearInterval(timer);
    return worst;
  };
};

const isPlaced = (core: HubCore): number =>
  core.store.list(placements).filter(({ object }) => (object.status as { unplaced?: number } | undefined)?.unplaced === 0).length;

/** Deployments that wait for a policy, and the policy: all are decided at once. */
const burst = async (core: HubCore, count: number): Promise<DecisionsResult> => {
  const shapes = ['100m', '250m', '500m', '50m'];
  const names = Array.from({ length: count }, (_, at) => `w${String(at).padStart(5, '0')}`);
  for (let at = 0; at < count; at += 500) {
    const part = names.slice(at, at + 500);
    await core.put(part.map((name, index) => deploymentObject(namespace, name, 4, shapes[(at + index) % shapes.length] ?? '100m')));
  }
  await sleep(2_000);
  const handed = new Set<string>();
  core.fleet.onWork = ({ id }: WorkItem) => handed.add(id);
  let decided = 0;
  const unwatch = core.store.watch(placements, core.store.revision(), ({ op, previous }) => {
    if (op === 'put' && previous === undefined) decided += 1;
  });
  const blocked = watchLoop();
  const cpu = process.cpuUsage();
  const began = performance.now();
  await core.put([policyObject(namespace, { replicaScheduling: { strategy: 'Capacity' } })]);
  const placedMs = (await until(core, () => decided >= count)) - began;
  const handedMs = (await until(core, () => handed.size >= count)) - began;
  const { user, system } = process.cpuUsage(cpu);
  unwatch();
  return {
    placedMs,
    handedMs,
    perSecond: (count * 1_000) / placedMs,
    blockedMs: blocked(),
    cpuMs: (user + system) / 1_000,
    placed: isPlaced(core),
  };
};

/** One Deployment after the other, each on 100 clusters. */
const single = async (core: HubCore, count: number): Promise<DecisionsResult> => {
  const spread = [{ topologyKey: 'hanse.dev/cluster', maxShare: 1 }];
  await core.put([policyObject(namespace, { spread })]);
  const placed: number[] = [];
  const handed: number[] = [];
  for (let turn = 0; turn < count; turn++) {
    const name = `one-${turn}`;
    const clusters = new Set<string>();
    core.fleet.onWork = ({ id, cluster }: WorkItem) => {
      if (id.endsWith(`=${name}`)) clusters.add(cluster);
    };
    const began = performance.now();
    await core.put([deploymentObject(namespace, name, 100, `${100 + turn}m`)]);
    placed.push((await until(core, () => core.store.get(`${placements}${name}-deployment`) !== undefined)) - began);
    handed.push((await until(core, () => clusters.size >= 100)) - began);
    await sleep(50);
  }
  return { placedP90: percentile(placed, 90), handedP50: percentile(handed, 50), handedP90: percentile(handed, 90) };
};

/** All workloads run in the first cluster, which then is lost as a verdict has it: a NoExecute taint that nobody tolerates. */
const loss = async (core: HubCore, count: number): Promise<DecisionsResult> => {
  const [lost = ''] = core.fleet.names;
  const first = { name: 'first', clusterSelector: { matchLabels: { 'hanse.dev/cluster': lost } } };
  await core.put([policyObject(namespace, { tiers: [first, { name: 'rest' }] })]);
  const names = Array.from({ length: count }, (_, at) => `l${String(at).padStart(5, '0')}`);
  await core.put(names.map((name) => deploymentObject(namespace, name, 1, '100m')));
  const runsThere = ({ spec }: KubeObject): boolean =>
    ((spec as { clusters?: readonly { name: string }[] }).clusters ?? []).some(({ name }) => name === lost);
  const there = new Set<string>();
  const elsewhere = new Set<string>();
  const unwatch = core.store.watch(placements, 0, ({ key, current: { object } }) => {
    if (runsThere(object)) there.add(key);
    else if (there.delete(key)) elsewhere.add(key);
  });
  await until(core, () => there.size >= count);
  await sleep(2_000);
  const handed = new Set<string>();
  core.fleet.onWork = ({ id, op, cluster }: WorkItem) => {
    if (op === 'apply' && cluster !== lost) handed.add(id);
  };
  const began = performance.now();
  await core.put([clusterObject(lost, core.fleet.labelsOf(lost), [{ key: 'lost', effect: 'NoExecute' }])]);
  const replacedMs = (await until(core, () => elsewhere.size >= count)) - began;
  const handedMs = (await until(core, () => handed.size >= count)) - began;
  unwatch();
  return { replacedMs, handedMs, replaced: elsewhere.size };
};

/** Deployments one after the other in a large fleet; then the process stays, to be measured. */
const memory = async (core: HubCore, count: number): Promise<DecisionsResult> => {
  const result = await burst(core, count);
  await sleep(3_000);
  return result;
};

const [scenario = '', clusters = '', nodes = '', count = ''] = process.argv.slice(2);
const scenarios: Readonly<Record<string, (core: HubCore, count: number) => Promise<DecisionsResult>>> = { burst, single, loss, memory };
const run = scenarios[scenario];
if (run === undefined) throw new Error(`there is no scenario ${scenario}`);
const core = await startHubCore(Number(clusters), Number(nodes));
let ending: Promise<void> | undefined;
/** Whoever asks for the end, and however often: what is on disk goes with it. */
const end = (): Promise<void> => {
  ending ??= core.close().then(() => process.exit(0));
  return ending;
};
process.on('SIGTERM', () => void end());
const result = await run(core, Number(count));
process.stdout.write(`result ${JSON.stringify(result)}\n`);
// One that is to be measured stays until it is told to end.
if (scenario !== 'memory') await end();
