/** @module Rules of work: one content a seq, never older over newer, nothing deleted but what the hub withdrew, nothing withdrawn because it was unseen. */
import type { Cluster } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { WorkItem } from '../../../shared/wire/messages.ts';
import type { Checker } from './observer.ts';
import { createWishes } from './wishes.ts';

/** Marks that the agent puts on what it applies (what a user sees in the member; kept here apart from the agent's own names). */
const workIdMark = 'hanse.dev/work-id';
const workSeqMark = 'hanse.dev/work-seq';
const ownMark = 'hanse.dev/managed-by';

const clusterPrefix = 'hanse.dev/clusters/';

/** A decision may be this old when its withdrawal is signed. */
const decisionAgeMsMax = 15_000;
/** Silence after which the hub counts a cluster as lost (10 s), with some time for the message on its way to be looked at. */
const silenceMsMax = 15_000;

/** Silence for which no cluster is counted as lost, or anything is decided because of it. */
const heardMsMax = 5_000;

/** Without a beat of any cluster for so long the hub is cut off itself. */
const deafMsMin = 5_000;

const marksOf = (object: KubeObject): { readonly id: string | undefined; readonly seq: number } => ({
  id: object.metadata.annotations?.[workIdMark],
  seq: Number(object.metadata.annotations?.[workSeqMark] ?? 0),
});

const contentOf = (object: KubeObject): string => JSON.stringify([object.spec, object.data]);
/** A singleton may be applied without its replicas. */
const stoppedOf = ({ object, singleton }: WorkItem): string =>
  singleton === true ? JSON.stringify([{ ...(object?.spec as object), replicas: 0 }, object?.data]) : '';

/** The checker. */
export const workCheck: Checker = (fail, nowMs) => {
  const lastBeatMs = new Map<string, number>();
  const silenceOf = (cluster: string): number => nowMs() - (lastBeatMs.get(cluster) ?? Number.NEGATIVE_INFINITY);
  const idOf = (cluster: string, { kind, name }: Pick<WorkItem['ref'], 'kind' | 'name'>): string => `${cluster} ${kind}/${name}`;
  /** How long each cluster had been silent when it was decided that it is not to have an object any more. */
  const silentAtEnd = new Map<string, number>();
  const wishes = createWishes(nowMs, (cluster, ref, isOtherPolicy) =>
    // Under another policy all is decided anew, as its user wants it; and whom a user empties is emptied whether it is heard or not.
    silentAtEnd.set(idOf(cluster, ref), isOtherPolicy || isEmptied(cluster) ? 0 : silenceOf(cluster)),
  );
  const clusters = new Map<string, KubeObject>();
  const isEmptied = (cluster: string): boolean => {
    const { taints = [], drain } = (clusters.get(cluster)?.spec ?? {}) as Pick<Cluster['spec'], 'taints' | 'drain'>;
    return drain !== undefined || taints.some(({ effect }) => effect === 'NoExecute');
  };
  /** Everything the hub signed, by cluster and id, then seq. */
  const signed = new Map<string, Map<number, WorkItem>>();
  /** Highest seq that was done in the member. */
  const done = new Map<string, number>();
  /** When users last asked for anything under a key; policies and clusters concern every workload. */
  const askedMs = new Map<string, number>();
  const askedAgoMs = (ref: WorkItem['ref']): number => {
    const concerns = (key: string): boolean =>
      key.includes('/placementpolicies/') || key.includes('/clusters/') || key.endsWith(`/${ref.name.replace(/-config$/, '')}`);
    return nowMs() - [...askedMs].reduce((last, [key, atMs]) => (concerns(key) ? Math.max(last, atMs) : last), 0);
  };

  /** A hub that hears nobody knows that it is deaf; what users ask for then is still done. */
  const isOurDoing = (ref: WorkItem['ref']): boolean =>
    [...lastBeatMs.values()].some((atMs) => nowMs() - atMs < deafMsMin) || askedAgoMs(ref) > decisionAgeMsMax;

  /** When users last scaled each workload down. */
  const shrunkMs = new Map<string, number>();
  const replicasOf = (name: string): number =>
    (wishes.object('Deployment', name)?.spec as { replicas?: number } | undefined)?.replicas ?? 0;

  /** The user wants less of it, so that it must go somewhere: scaled down of late, scaled to 0, or deleted with what follows it. */
  const isScaledAway = (ref: WorkItem['ref']): boolean => {
    const name = ref.name.replace(/-config$/, '');
    const workload = wishes.object('Deployment', name);
    if (workload === undefined || workload.metadata.deletionTimestamp !== undefined || replicasOf(name) === 0) return true;
    return nowMs() - (shrunkMs.get(name) ?? Number.NEGATIVE_INFINITY) <= decisionAgeMsMax;
  };

  /** What was sent ahead of a singleton that was to begin there, and never did: the cluster that it was in came back first. */
  const isAheadOnly = (cluster: string, { kind, namespace, name }: WorkItem['ref']): boolean => {
    const items = signed.get(`${cluster}.apps=deployments=${namespace}=${name.replace(/-config$/, '')}`);
    return kind === 'ConfigMap' && [...(items?.values() ?? [])].at(-1)?.op !== 'apply';
  };

  const checkWithdraw = (item: WorkItem, before: WorkItem | undefined): void => {
    const { cluster, ref } = item;
    // A withdrawal that is signed again, because its record was damaged, decides nothing new.
    if (before?.op === 'withdraw') return;
    const wantedForMs = wishes.wantedForMs(cluster, ref);
    if (wantedForMs > decisionAgeMsMax) {
      fail(
        'nothing is withdrawn that is wanted',
        `${ref.kind} ${ref.name} is withdrawn from ${cluster}, where it has been wanted for ${wantedForMs} ms`,
      );
    }
    // What was decided while the cluster was heard may be signed when it, or the hub itself, is cut off.
    if (wantedForMs < 0 && (silentAtEnd.get(idOf(cluster, ref)) ?? Number.POSITIVE_INFINITY) < heardMsMax) return;
    const silentMs = silenceOf(cluster);
    const isOurs = wishes.existsForMs(ref) > decisionAgeMsMax && isOurDoing(ref) && !isScaledAway(ref) && !isAheadOnly(cluster, ref);
    if (silentMs > silenceMsMax && isOurs) {
      fail(
        'nothing is withdrawn because it was unseen',
        `${ref.kind} ${ref.name} is withdrawn from ${cluster}, which the hub has not heard for ${silentMs} ms`,
      );
    }
  };

  return {
    written: (entry) => {
      const name = entry.key.split('/')[3] ?? '';
      if (entry.object !== undefined && entry.key.startsWith(clusterPrefix)) clusters.set(entry.object.metadata.name, entry.object);
      const before = replicasOf(name);
      wishes.written(entry);
      if (replicasOf(name) < before) shrunkMs.set(name, nowMs());
    },
    asked: (key) => {
      askedMs.set(key, nowMs());
    },
    hubStarted: () => lastBeatMs.clear(),
    heard: (kind, cluster) => {
      if (kind === 'beat') lastBeatMs.set(cluster, nowMs());
    },
    published: (item) => {
      const key = `${item.cluster}.${item.id}`;
      const items = signed.get(key) ?? new Map<number, WorkItem>();
      signed.set(key, items);
      const same = items.get(item.seq);
      if (same !== undefined && (same.op !== item.op || JSON.stringify(same.object) !== JSON.stringify(item.object))) {
        fail('one content a seq', `work ${key} was signed twice at seq ${item.seq}: ${JSON.stringify(same)} and ${JSON.stringify(item)}`);
      }
      const last = [...items.values()].at(-1);
      items.set(item.seq, item);
      if (item.op === 'withdraw') checkWithdraw(item, last);
    },
    applying: (cluster, object) => {
      const { id, seq } = marksOf(object);
      if (id === undefined) return;
      const key = `${cluster}.${id}`;
      const item = signed.get(key)?.get(seq);
      if (item?.object === undefined) {
        fail('an agent applies only what the hub signed', `${key} is applied at seq ${seq}, which the hub never signed for applying`);
      } else if (contentOf(item.object) !== contentOf(object) && stoppedOf(item) !== contentOf(object)) {
        fail(
          'an agent applies only what the hub signed',
          `${key} at seq ${seq} is applied with another content: ${contentOf(object)} for ${contentOf(item.object)}`,
        );
      }
      const newest = done.get(key) ?? 0;
      if (seq < newest) fail('never older work over newer', `${key}: seq ${seq} is applied after ${newest}`);
    },
    applied: (cluster, object) => {
      const { id, seq } = marksOf(object);
      if (id !== undefined) done.set(`${cluster}.${id}`, Math.max(seq, done.get(`${cluster}.${id}`) ?? 0));
    },
    deleting: (cluster, object) => {
      const { id, seq } = marksOf(object);
      if (id === undefined) {
        // The agent's own records are its own to drop, and so is what it wrote for an imported service.
        const isOwn = object.metadata.namespace === 'hanse-system' || object.metadata.labels?.[ownMark] === 'hanse-traffic';
        if (!isOwn) fail('nothing is deleted that is not ours', `${object.kind} ${object.metadata.name} is deleted from ${cluster}`);
        return;
      }
      const key = `${cluster}.${id}`;
      const withdrawals = [...(signed.get(key)?.values() ?? [])].filter(
        (item) => item.op === 'withdraw' && item.seq >= Math.max(seq, done.get(key) ?? 0),
      );
      if (withdrawals.length === 0)
        fail('every delete traces to a withdrawal', `${key} (seq ${seq}) is deleted; the hub signed no withdrawal as new as that`);
      for (const { seq: withdrawn } of withdrawals.slice(0, 1)) done.set(key, Math.max(withdrawn, done.get(key) ?? 0));
    },
  };
};
