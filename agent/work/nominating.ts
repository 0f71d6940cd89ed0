/**
 * @module Nodes that the hub keeps for pods are nominated for them in the member too (`status.nominatedNodeName`, KEP-5278), so that its scheduler gives
 * the room that others leave there to nobody of no higher priority. The pods come when their controller makes them: they are looked for, for a while.
 */
import type { KubeClient, ObjectAddress } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { isStatus } from '../../shared/kube/status-error.ts';
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';
import { bag } from '../../shared/placement/workload-fields.ts';
import type { WorkItem } from '../../shared/wire/index.ts';
import { failureOf } from '../cluster/index.ts';
import { isRightMissing } from './failure.ts';
import { livePodsOf, pods } from './live-pods.ts';
import { FIELD_MANAGER } from './marks.ts';

/** What a work item says of nodes that are kept. */
type Nominated = NonNullable<WorkItem['nominated']>;

/** After so long others have left, or will not: the hub hears that the pods wait, and says what becomes of them. */
const looksForMs = 300_000;
const lookBackoff = { baseMs: 100, maxMs: 8_000 };
/** Those who leave wait for it so long: the work of those who come is sent with theirs, and their pods are there at once. */
const leaversWaitMs = 2_000;

/** Kind of the controller of an object's pods. */
const controllerKinds: Readonly<Record<string, string>> = {
  Deployment: 'ReplicaSet',
  ReplicaSet: 'ReplicaSet',
  StatefulSet: 'StatefulSet',
};

const uidOf = ({ metadata }: KubeObject): string => metadata.uid ?? '';
const nodeOf = ({ spec }: KubeObject): unknown => bag(spec).nodeName;
const nominatedOf = ({ status }: KubeObject): unknown => bag(status).nominatedNodeName;

/** The node that it is on, or is nominated for. */
const placeOf = (pod: KubeObject): unknown => nodeOf(pod) ?? nominatedOf(pod);

/** A pod that waits, and the node for it. */
export type Nomination = { readonly pod: KubeObject; readonly node: string };

/**
 * Which pods are to be nominated, the oldest first, so that as many as are wanted are on each node or about to be. `ours`: the nodes that the agent
 * nominated before, by uid; what somebody else nominated stays.
 */
export const nominationsFor = (
  here: readonly KubeObject[],
  nominated: Nominated,
  ours: ReadonlyMap<string, string>,
): readonly Nomination[] => {
  const isWanted = new Set<unknown>(nominated.map(({ node }) => node));
  const free = here
    .filter((pod) => {
      const node = nominatedOf(pod) ?? '';
      return nodeOf(pod) === undefined && (node === '' || (ours.get(uidOf(pod)) === node && !isWanted.has(node)));
    })
    .toSorted(
      (a, b) =>
        (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
        a.metadata.name.localeCompare(b.metadata.name),
    );
  return nominated.flatMap(({ node, replicas }): readonly Nomination[] => {
    const there = here.filter((pod) => placeOf(pod) === node).length;
    return free.splice(0, Math.max(0, replicas - there)).map((pod) => ({ pod, node }));
  });
};

/** What the nominations are given. */
export type NominationsOptions = {
  readonly client: Pick<KubeClient, 'list' | 'patch'>;
  readonly env: Pick<RuntimeEnv, 'monotonicMs' | 'setTimer' | 'random'>;
  /** Pods were to be nominated: whether the member forbids that. */
  readonly onTried: (isRefused: boolean) => void;
};

/** Objects whose pods are looked for; at most one entry an item. */
export type Nominations = {
  /** The object was applied: nodes are kept for pods of it, or are no more. */
  readonly applied: (id: string, address: ObjectAddress, object: KubeObject, nominated: Nominated | undefined) => void;
  readonly forget: (id: string) => void;
  /**
   * Resolves when each of these nodes is nominated for some pod, and soon at the latest: pods that leave them before make room for anybody. Not
   * waited for where the member forbids it.
   */
  readonly made: (nodes: readonly string[]) => Promise<void>;
  readonly stop: () => void;
};

type Watched = {
  readonly namespace: string;
  readonly object: KubeObject;
  readonly nominated: Nominated;
  readonly sinceMs: number;
  /** Nodes that as many of its pods as are wanted are on, or are nominated for. */
  readonly made: Set<string>;
};

/** Nothing is looked for yet. */
export const createNominations = ({ client, env, onTried }: NominationsOptions): Nominations => {
  const looks = new Map<string, { readonly ours: Map<string, string>; watched: Watched | undefined; cancel: () => void }>();

  const waiters = new Set<() => void>();
  let isForbidden = false;
  const isMade = (node: string): boolean => [...looks.values()].some(({ watched }) => watched?.made.has(node) === true);
  const wakeAll = (): void => {
    for (const wake of [...waiters]) wake();
  };
  const tell = (isRefused: boolean): void => {
    isForbidden = isRefused;
    onTried(isRefused);
    wakeAll();
  };

  /** False for a pod that is another by now: the next look sees it as it is then. */
  const nominate = async ({ pod: { metadata }, node }: Nomination, ours: Map<string, string>): Promise<boolean> => {
    const { uid = '', resourceVersion, name, namespace = '' } = metadata;
    // As it was seen: what the scheduler nominated meanwhile stands.
    const body = { metadata: { uid, resourceVersion }, status: { nominatedNodeName: node } };
    try {
      await client.patch({ ...pods, namespace, name }, 'application/merge-patch+json', body, {
        fieldManager: FIELD_MANAGER,
        subresource: 'status',
      });
      ours.set(uid, node);
      tell(false);
      return true;
    } catch (error) {
      if (!isStatus(error, 'NotFound') && !isStatus(error, 'Conflict')) throw error;
      return false;
    }
  };
  /** Answers whether there is more to look for. */
  const look = async (watched: Watched, ours: Map<string, string>): Promise<boolean> => {
    try {
      const here = await livePodsOf(client, watched.namespace, watched.object, controllerKinds[watched.object.kind]);
      const made: Nomination[] = [];
      for (const due of nominationsFor(here, watched.nominated, ours)) if (await nominate(due, ours)) made.push(due);
      for (const { node, replicas } of watched.nominated) {
        const count = here.filter((pod) => placeOf(pod) === node).length + made.filter((one) => one.node === node).length;
        if (count >= replicas) watched.made.add(node);
      }
      wakeAll();
      const wanted = watched.nominated.reduce((sum, { replicas }) => sum + replicas, 0);
      return here.length < wanted || here.some((pod) => nodeOf(pod) === undefined);
    } catch (error) {
      if (!isRightMissing(failureOf(error))) return true;
      tell(true);
      return false;
    }
  };
  const follow = (id: string, attempt: number): void => {
    const entry = looks.get(id);
    const watched = entry?.watched;
    if (entry === undefined || watched === undefined) return;
    void look(watched, entry.ours).then((isOpen) => {
      if (looks.get(id)?.watched !== watched) return;
      if (!isOpen || env.monotonicMs() - watched.sinceMs >= looksForMs) entry.watched = undefined;
      else entry.cancel = env.setTimer(backoffMs(attempt, lookBackoff, env.random), () => follow(id, attempt + 1));
    });
  };
  const forget = (id: string): void => {
    looks.get(id)?.cancel();
    looks.delete(id);
  };

  return {
    applied: (id, { namespace }, object, nominated) => {
      if (nominated === undefined || namespace === undefined || controllerKinds[object.kind] === undefined) return forget(id);
      const entry = looks.get(id) ?? { ours: new Map<string, string>(), watched: undefined, cancel: () => undefined };
      entry.cancel();
      entry.watched = { namespace, object, nominated, sinceMs: env.monotonicMs(), made: new Set() };
      looks.set(id, entry);
      follow(id, 0);
    },
    forget,
    made: (nodes) =>
      new Promise((resolve) => {
        const isOver = (): boolean => isForbidden || nodes.every(isMade);
        if (isOver()) return resolve();
        const end = (): void => {
          waiters.delete(wake);
          cancel();
          resolve();
        };
        const wake = (): void => {
          if (isOver()) end();
        };
        const cancel = env.setTimer(leaversWaitMs, end);
        waiters.add(wake);
      }),
    stop: () => {
      for (const id of [...looks.keys()]) forget(id);
    },
  };
};
