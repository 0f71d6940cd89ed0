/** @module What a federation begins with: members with nodes, their Clusters, a namespace, an exported service and the limits of failover. */

import type { Journal } from '../../shared/kube/storage/index.ts';
import { keyOf } from '../../shared/kube/storage/key.ts';
import type { Prng } from '../../shared/lib/prng.ts';
import { timeText } from '../../shared/lib/time-text.ts';
import type { Observer } from './check/observer.ts';
import type { Faults } from './faults.ts';
import type { Member } from './model/member-api.ts';
import { gpuTaint, nodeObject, startMemberRuntime, types } from './model/member-runtime.ts';
import { createMemberStore } from './model/member-store.ts';
import { keyOfMember } from './model/mesh.ts';
import { exportWeb, webPolicy } from './model/web.ts';
import { clusterLabelsOf } from './users.ts';
import { startMs, type World } from './world.ts';

/** What a federation is founded on. */
export type Ground = {
  readonly world: World;
  readonly journal: Journal;
  readonly observer: Observer;
  /** The chance of one concern. */
  readonly random: (concern: string) => Prng;
  readonly faults: () => Faults;
};

/** What was founded. */
export type Founded = {
  readonly members: ReadonlyMap<string, Member>;
  /** Clusters that export the service; none where nobody asks for it. */
  readonly exporters: readonly string[];
};

/** A scheduler that has much to do: reports show its pods as waiting. */
const slowBindMs = 6_000;

/** Quick to forgive, so that a healed federation settles within the time that is waited for it. */
export const failoverSpec = {
  limits: { windowSeconds: 60, clustersPercent: 40, capacityPercent: 60, minSurvivors: 1 },
  failback: { holdDownSeconds: 5, maxHoldDownSeconds: 20, halfLifeSeconds: 30 },
  replicas: { surplusSeconds: 60 },
} as const;

/** UIDs as they come. */
export const createUids = (random: Prng): (() => string) => {
  const half = (): string =>
    random
      .below(2 ** 31)
      .toString(16)
      .padStart(8, '0');
  return () => `${half()}-${half()}`;
};

const metadataOf = (name: string, uid: string) => ({ name, uid, creationTimestamp: timeText(startMs), generation: 1 });

const foundMembers = async ({ world, journal, observer, random, faults }: Ground, uid: () => string): Promise<Map<string, Member>> => {
  const members = new Map<string, Member>();
  const shape = random('shape');
  const taints = random('taints');
  const taintedPercent = taints.pick([0, 0, 0, 60]);
  for (let index = 0; index < faults().agents; index++) {
    const name = `c${index}`;
    const store = createMemberStore(() => timeText(world.nowMs()), uid);
    const labels = clusterLabelsOf(shape);
    for (let node = 0; node < 1 + shape.below(3); node++) store.put(types.nodes, nodeObject(`n${node}`, 1_000 * (1 + shape.below(4)), {}));
    const isTainted = taints.chance(taintedPercent);
    if (isTainted) store.put(types.nodes, nodeObject('gpu', 64_000, {}, [gpuTaint]));
    members.set(name, { name, store, hasExports: faults().clients > 0, apiUp: true, openWatches: new Set() });
    startMemberRuntime(world, name, store, random(`member/${name}`), faults, isTainted ? slowBindMs : 0);
    const object = {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { ...metadataOf(name, uid()), labels },
      spec: { admission: 'Approved', probes: [{ role: 'Gateway', url: `http://${name}:80/` }] },
      status: { agent: { publicKey: keyOfMember(name), sealingKey: 'AAAA', joinedAt: timeText(startMs) } },
    };
    observer.asked(keyOf('hanse.dev', 'clusters', '', name), object.spec);
    await journal.commit([{ op: 'put', key: keyOf('hanse.dev', 'clusters', '', name), expected: 0, object }]);
  }
  return members;
};

/** A service that users ask for: the first two clusters export it, others perhaps. */
const foundWeb = async (
  { journal, random, faults }: Ground,
  members: ReadonlyMap<string, Member>,
  uid: () => string,
): Promise<readonly string[]> => {
  const web = random('web');
  const exporters: string[] = [];
  for (const [at, { name, store }] of [...members.values()].entries()) {
    store.put(types.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    if (at > 1 && !web.chance(75)) continue;
    exporters.push(name);
    exportWeb(name, store, 1 + web.below(4));
  }
  const metadata = { ...metadataOf('web', uid()), namespace: 'shop' };
  const object = { apiVersion: 'hanse.dev/v1alpha1', kind: 'TrafficPolicy', metadata, spec: webPolicy(faults()) };
  await journal.commit([{ op: 'put', key: keyOf('hanse.dev', 'trafficpolicies', 'shop', 'web'), expected: 0, object }]);
  return exporters;
};

/** Founds a federation; nothing of it runs yet but the members. */
export const found = async (ground: Ground, uid: () => string): Promise<Founded> => {
  const { journal, faults } = ground;
  const members = await foundMembers(ground, uid);
  const { generation: _, ...metadata } = metadataOf('shop', uid());
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata, spec: {} };
  await journal.commit([{ op: 'put', key: keyOf('', 'namespaces', '', 'shop'), expected: 0, object: namespace }]);
  const exporters = faults().clients > 0 ? await foundWeb(ground, members, uid) : [];
  const policy = {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'FailoverPolicy',
    metadata: metadataOf('default', uid()),
    spec: failoverSpec,
  };
  await journal.commit([{ op: 'put', key: keyOf('hanse.dev', 'failoverpolicies', '', 'default'), expected: 0, object: policy }]);
  return { members, exporters };
};
