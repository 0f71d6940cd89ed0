/**
 * @module Nodes that the hub keeps for replicas which others make room for are told to the member's scheduler: a pod that waits for one has it as
 * `status.nominatedNodeName`, and no pod of lower priority takes the room there meanwhile (KEP-5278). What the scheduler nominated itself stands.
 */
import type { Collection, KubeClient, ObjectAddress } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type LabelSelectorObject, labelSelectorText, selectorFromObject } from '../../shared/kube/selectors/index.ts';
import { isStatus } from '../../shared/kube/status-error.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { bag } from '../../shared/placement/workload-fields.ts';
import type { WorkItem } from '../../shared/wire/index.ts';
import { failureOf, type Reflector, startReflector } from '../cluster/index.ts';
import { isRightMissing } from './failure.ts';
import { FIELD_MANAGER } from './marks.ts';

/** Nodes with the replicas that are to be on each, with those that were there before. */
export type Nominated = NonNullable<WorkItem['nominated']>;

/** What is kept of a pod that is alive. */
export type NominablePod = {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: string;
  /** The node that it is bound to. */
  readonly on: string | undefined;
  readonly nominated: string | undefined;
};

/** A node that a pod is to be told. */
export type Nomination = { readonly pod: NominablePod; readonly node: string };

const pods = { group: '', version: 'v1', resource: 'pods' };
const ended = new Set<unknown>(['Succeeded', 'Failed']);
/** A scheduler that takes a nomination back (before Kubernetes 1.35 it does at each failed try) is told so often of one pod, and no more. */
const toldMax = 3;
/** Hubs ask others to give way again, or give up, before that. */
const followMsMax = 600_000;

const textOr = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** What is kept of a pod; undefined for one that has ended, is on its way out, or is made by nobody. */
export const nominable = ({ metadata, spec, status }: KubeObject): NominablePod | undefined => {
  const { name, uid = '', resourceVersion = '', creationTimestamp = '', deletionTimestamp, ownerReferences = [] } = metadata;
  if (deletionTimestamp !== undefined || ended.has(bag(status).phase) || !ownerReferences.some(({ controller }) => controller === true))
    return undefined;
  return {
    name,
    uid,
    resourceVersion,
    createdAt: creationTimestamp,
    on: textOr(bag(spec).nodeName),
    nominated: textOr(bag(status).nominatedNodeName),
  };
};

/** Which pods that wait are to be told which node; `told`: what they were told before, by uid, which may be said anew. The oldest first. */
export const nominationsFor = (
  alive: readonly NominablePod[],
  nominated: Nominated,
  told: ReadonlyMap<string, string>,
): readonly Nomination[] => {
  const wanted = new Set(nominated.map(({ node }) => node));
  const isOpen = ({ uid, nominated: node }: NominablePod): boolean => node === undefined || (told.get(uid) === node && !wanted.has(node));
  const waiting = alive
    .filter((pod) => pod.on === undefined && isOpen(pod))
    .sort((a, b) => compareText(a.createdAt, b.createdAt) || compareText(a.name, b.name));
  return nominated.flatMap(({ node, replicas }) => {
    const there = alive.filter((pod) => (pod.on ?? pod.nominated) === node).length;
    return waiting.splice(0, Math.max(0, replicas - there)).map((pod) => ({ pod, node }));
  });
};

/** The pods of workloads that nodes are kept for. */
export type Nominating = {
  /** From now on these nodes are kept for the work; none = no more. */
  readonly follow: (id: string, address: Pick<ObjectAddress, 'namespace'>, object: KubeObject, nominated: Nominated) => void;
  readonly end: (id: string) => void;
  readonly stop: () => void;
};

/** What it is made from. */
export type NominatingOptions = {
  readonly client: Pick<KubeClient, 'list' | 'watch' | 'patch'>;
  readonly env: Pick<RuntimeEnv, 'random' | 'setTimer' | 'log'>;
  /** A pod was told its node, or the member forbids that. */
  readonly onTold: (isRefused: boolean) => void;
};

/** The pods that a workload's controller makes; '' = nobody can tell. A Job's own selector is made in the member. */
const selectorTextOf = ({ kind, metadata, spec }: KubeObject): string => {
  if (kind === 'Job') return `batch.kubernetes.io/job-name=${metadata.name}`;
  const given = bag(spec).selector as LabelSelectorObject | undefined;
  const selector = selectorFromObject(given);
  return given === undefined || !selector.ok ? '' : labelSelectorText(selector.value);
};

/** What came of telling a pod; `changed`: it is another by now, and is looked at as it is then. */
type Answer = 'told' | 'refused' | 'failed' | 'changed';

/** Pods that are looked after; `told` as {@link nominationsFor} has it. */
type Followed = { readonly key: string; readonly told: Map<string, string>; readonly stop: () => void };

/** Nothing is followed yet. */
export const createNominating = ({ client, env, onTold }: NominatingOptions): Nominating => {
  const followed = new Map<string, Followed>();

  const tell = async (namespace: string, { pod, node }: Nomination): Promise<Answer> => {
    const { name, uid, resourceVersion } = pod;
    const body = { metadata: { uid, resourceVersion }, status: { nominatedNodeName: node } };
    const options = { fieldManager: FIELD_MANAGER, subresource: 'status' } as const;
    try {
      await client.patch({ ...pods, namespace, name }, 'application/merge-patch+json', body, options);
      return 'told';
    } catch (error) {
      if (isStatus(error, 'NotFound') || isStatus(error, 'Conflict')) return 'changed';
      const failure = failureOf(error);
      if (isRightMissing(failure)) return 'refused';
      env.log.debug('a pod could not be told the node that is kept for it', { pod: name, node, why: failure.message });
      return 'failed';
    }
  };

  const start = (collection: Collection & { readonly namespace: string }, nominated: Nominated, told: Map<string, string>): Reflector => {
    const alive = new Map<string, NominablePod>();
    const times = new Map<string, number>();
    const busy = new Set<string>();
    let isRead = false;
    const say = async (nomination: Nomination): Promise<void> => {
      const { uid, resourceVersion } = nomination.pod;
      busy.add(uid);
      const answer = await tell(collection.namespace, nomination);
      busy.delete(uid);
      if (answer === 'told') told.set(uid, nomination.node);
      if (answer === 'told' || answer === 'refused') onTold(answer === 'refused');
      if (answer !== 'changed') times.set(uid, (times.get(uid) ?? 0) + 1);
      // What was seen of it meanwhile was not looked at; what was not will be when it is seen.
      if ([...alive.values()].some((pod) => pod.uid === uid && pod.resourceVersion !== resourceVersion)) look();
    };
    const look = (): void => {
      if (!isRead) return;
      for (const nomination of nominationsFor([...alive.values()], nominated, told)) {
        const { uid } = nomination.pod;
        if (!busy.has(uid) && (times.get(uid) ?? 0) < toldMax) void say(nomination);
      }
    };
    return startReflector<NominablePod>({
      client,
      env,
      collection,
      project: nominable,
      onEvent: (event) => {
        if (event.type === 'Init') alive.clear();
        if (event.type === 'InitApply' || event.type === 'Apply') alive.set(event.key, event.item);
        if (event.type === 'Delete') alive.delete(event.key);
        if (event.type === 'Init' || event.type === 'InitDone') isRead = event.type === 'InitDone';
        look();
      },
    });
  };

  const end = (id: string): void => {
    followed.get(id)?.stop();
    followed.delete(id);
  };
  return {
    follow: (id, { namespace }, object, nominated) => {
      const labelSelector = selectorTextOf(object);
      if (nominated.length === 0 || namespace === undefined || labelSelector === '') return end(id);
      const key = JSON.stringify([namespace, labelSelector, nominated]);
      const before = followed.get(id);
      if (before?.key === key) return;
      end(id);
      const told = before?.told ?? new Map<string, string>();
      const reflector = start({ ...pods, namespace, labelSelector }, nominated, told);
      const cancel = env.setTimer(followMsMax, () => end(id));
      const stop = (): void => {
        cancel();
        reflector.stop();
      };
      followed.set(id, { key, told, stop });
    },
    end,
    stop: () => {
      for (const id of [...followed.keys()]) end(id);
    },
  };
};
