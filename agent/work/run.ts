/** @module Runs the work core against a member's API and the link: performs effects, turns their results into inputs. */

import type { Leases } from '../../shared/health/index.ts';
import type { KubeClient, ObjectAddress } from '../../shared/kube/client/port.ts';
import { type GroupVersionResource, type KubeObject, parseApiVersion } from '../../shared/kube/object.ts';
import { isStatus } from '../../shared/kube/status-error.ts';
import { backoffMs, type RuntimeEnv, unreachable } from '../../shared/lib/index.ts';
import type { ImportWeights } from '../../shared/traffic/index.ts';
import { choosingRight, nominatingRight, type ServedApi } from '../../shared/wire/index.ts';
import { type ApiFailure, failureOf, type Reflector, startReflector } from '../cluster/index.ts';
import { type AppliedWork, workloadKey } from '../inventory/index.ts';
import type { AgentLink } from '../link/port.ts';
import { decide } from './decide.ts';
import { isSingleton, noLeaseNeeded } from './lease.ts';
import { type Marked, markLeaving } from './leaving.ts';
import { type Live, liveOf } from './live.ts';
import { FIELD_MANAGER, MANAGED_BY, MANAGED_BY_LABEL } from './marks.ts';
import type { Look, WorkEffect, WorkInput } from './messages.ts';
import { createNominations, type Nominations } from './nominating.ts';
import { otherAgentText } from './other-agent.ts';
import { nextWakeMs } from './queue.ts';
import { createRecords, ensureNamespace, type Records } from './records.ts';
import { type CallEffect, createRefusals } from './refusals.ts';
import { renderRelease } from './render.ts';
import { acksOf, createWorkState } from './state.ts';

/** What the work engine is given. */
export type WorkOptions = {
  readonly client: KubeClient;
  readonly link: Pick<AgentLink, 'cluster' | 'onWork' | 'onWant' | 'publishStatus' | 'rememberSeq'>;
  readonly env: RuntimeEnv;
  /** Looks again what the member serves; the answer comes through `setServed`. */
  readonly discover: () => void;
  /** Gives singletons their lease; absent = they need none, because nobody takes over. */
  readonly leases?: Pick<Leases, 'setNeeded' | 'lease' | 'onLease'>;
  /** Something a capacity report says of work may have changed. */
  readonly onChange: () => void;
};

/** A running work engine. */
export type WorkEngine = {
  readonly setServed: (apis: readonly ServedApi[], stale: readonly string[]) => void;
  /** Before the first no route that names imports is applied. */
  readonly setWeights: (weights: ImportWeights) => void;
  /** Says why the first is not there yet: routes that wait for long tell it. */
  readonly setWeightsLack: (why: string) => void;
  /** By {@link workloadKey}, what should be here. */
  readonly works: () => ReadonlyMap<string, AppliedWork>;
  readonly acks: () => Readonly<Record<string, number>>;
  /** Verbs the agent lacks for its work. */
  readonly forbidden: () => readonly string[];
  /** Counts for people: items by phase of their last outcome, and those without one. */
  readonly summary: () => Readonly<Record<string, number>>;
  readonly stop: () => void;
};

const loadBackoff = { baseMs: 500, maxMs: 15_000 };

/** Starts: what the hub says is remembered at once, but nothing is done before what the member kept is loaded. */
export const startWork = (options: WorkOptions): WorkEngine => {
  const { client, link, env } = options;
  const { leases } = options;
  const state = createWorkState(link.cluster, leases === undefined ? noLeaseNeeded : leases.lease());
  const singletons = new Set<string>();
  const records = createRecords(client, link.cluster);
  const watches = new Map<string, Reflector>();
  const forbidden = new Set<string>();
  const refusals = createRefusals(env);
  const nominations = createNominations({
    client,
    env,
    onTried: (isRefused) => {
      refusals.noteOfPods(nominatingRight, isRefused);
      options.onChange();
    },
  });
  const subscriptions: (() => void)[] = [];
  let stopped = false;
  let cancelTimer = (): void => undefined;
  // Apart from the core's timer: what the core is told before it is loaded must not call the loading off.
  let cancelLoad = (): void => undefined;

  /** Whether a lease is needed is known before the work is begun. */
  const note = (input: WorkInput): void => {
    for (const item of input.on === 'Item' ? [input.item] : input.on === 'Loaded' ? input.items : [])
      if (isSingleton(item)) singletons.add(item.id);
      else singletons.delete(item.id);
    leases?.setNeeded(singletons.size > 0);
  };
  const post = (input: WorkInput): void => {
    if (stopped) return;
    note(input);
    const effects = decide(state, input, env);
    for (const effect of effects) perform(effect);
    cancelTimer();
    const wakeMs = nextWakeMs(state);
    if (wakeMs !== undefined) cancelTimer = env.setTimer(Math.max(0, wakeMs - env.monotonicMs()), () => post({ on: 'Tick' }));
  };

  const perform = (effect: WorkEffect): void => {
    switch (effect.do) {
      case 'publish':
        link.publishStatus(effect.status);
        options.onChange();
        return;
      case 'watch':
        watch(effect.type);
        return;
      case 'discover':
        options.discover();
        return;
      case 'log':
        env.log[effect.level](effect.message, effect.fields);
        return;
      case 'forget':
        // A record that stays behind is loaded once more as withdrawn, and forgotten then.
        void records.drop(effect.id).catch(() => undefined);
        refusals.forget(effect.id);
        nominations.forget(effect.id);
        return;
      default:
        if (effect.do === 'delete' || effect.do === 'release') nominations.forget(effect.id);
        void answerTo(client, records, nominations, effect).then((answer) => {
          refusals.note(effect, 'failure' in answer ? answer.failure : undefined);
          if (effect.do === 'apply' && answer.on === 'Applied' && answer.failure === undefined) {
            if (effect.leaving !== undefined) refusals.noteOfPods(choosingRight, answer.unchosen !== undefined);
            if (!stopped) nominations.applied(effect.id, effect.address, effect.object, effect.nominated);
          }
          post(answer);
        });
    }
  };

  const watch = (type: GroupVersionResource): void => {
    const key = `${type.group}/${type.resource}`;
    if (watches.has(key) || stopped) return;
    watches.set(key, startWatch({ client, env, type, forbidden, post, targets: () => [...state.byTarget.keys()] }));
  };

  const listen = (): void => {
    if (leases !== undefined) subscriptions.push(leases.onLease((lease) => post({ on: 'Lease', lease })));
    subscriptions.push(
      link.onWork((event) => {
        if (event.type === 'Item') post({ on: 'Item', item: event.item });
        else if (event.type === 'Outdated') post({ on: 'Outdated', id: event.id, ref: event.ref, seq: event.knownSeq });
        else if (event.type === 'InitDone') post({ on: 'FullReading', ids: event.ids });
      }),
      link.onWant((what) => {
        if (what.includes('status')) post({ on: 'Wanted' });
      }),
    );
  };

  /** Nothing is begun on the state of another agent, which would undo what this one does; looked at again, because it can be removed. */
  const refuse = (owner: string, attempt: number): void => {
    if (attempt === 0) env.log.error(otherAgentText(owner, link.cluster));
    cancelLoad = env.setTimer(backoffMs(attempt + 1, loadBackoff, env.random), () => void load(attempt + 1));
  };
  const load = async (attempt: number): Promise<void> => {
    if (stopped) return;
    try {
      const { items, ends, broken, owners } = await records.load();
      const [owner] = owners;
      if (owner !== undefined) return refuse(owner, attempt);
      if (broken.length > 0) env.log.warn('kept work that cannot be read is left out', { secrets: broken });
      for (const item of items) link.rememberSeq(item.id, item.seq);
      post({ on: 'Loaded', items, ends });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.status !== 403 && failure.status !== 404) {
        if (attempt === 0) env.log.warn('kept work cannot be loaded yet', { why: failure.message });
        cancelLoad = env.setTimer(backoffMs(attempt, loadBackoff, env.random), () => void load(attempt + 1));
        return;
      }
      if (failure.status === 403) forbidden.add('list secrets in hanse-system');
      post({ on: 'Loaded', items: [], ...(failure.status === 403 ? { failure } : {}) });
    }
  };
  listen();
  void load(0);

  return {
    setServed: (apis, stale) => post({ on: 'Served', apis, stale }),
    setWeights: (weights) => post({ on: 'Weights', weights }),
    setWeightsLack: (why) => post({ on: 'WeightsLack', why }),
    works: () => {
      const works = new Map<string, AppliedWork>();
      for (const [id, { item, live }] of state.entries) {
        if (item.op === 'withdraw') continue;
        const { group } = parseApiVersion(item.ref.apiVersion);
        works.set(workloadKey(group, item.ref.kind, item.ref.namespace, item.ref.name), { id, uid: live?.uid });
      }
      return works;
    },
    acks: () => acksOf(state),
    forbidden: () => [...new Set([...forbidden, ...refusals.list()])].sort(),
    summary: () => {
      const counts: Record<string, number> = {};
      for (const { outcome } of state.entries.values())
        counts[outcome?.phase ?? 'Waiting'] = (counts[outcome?.phase ?? 'Waiting'] ?? 0) + 1;
      return counts;
    },
    stop: () => {
      stopped = true;
      cancelTimer();
      cancelLoad();
      nominations.stop();
      for (const end of subscriptions) end();
      for (const reflector of watches.values()) reflector.stop();
    },
  };
};

const nobodyLeaves: Marked = { nodes: [] };

/** Performs one call; its failure is part of the answer. */
const answerTo = async (
  client: KubeClient,
  records: Records,
  nominations: Pick<Nominations, 'made'>,
  effect: CallEffect,
): Promise<WorkInput> => {
  const { id, op } = effect;
  const attempt = async (run: () => Promise<WorkInput>, failed: (failure: ApiFailure) => WorkInput): Promise<WorkInput> => {
    try {
      return await run();
    } catch (error) {
      return failed(failureOf(error));
    }
  };
  switch (effect.do) {
    case 'record':
      return attempt(
        async () => {
          const [, look] = await Promise.all([records.keep(effect.item, effect.end), lookAt(client, effect.look)]);
          return { on: 'Recorded', id, op, ...(look === undefined ? {} : { look }) };
        },
        (failure) => ({ on: 'Recorded', id, op, failure }),
      );
    case 'read':
      return attempt(
        async () => {
          return { on: 'Read', id, op, ...(await read(client, effect.address)) };
        },
        (failure) => ({ on: 'Read', id, op, failure }),
      );
    case 'apply':
      return attempt(
        async () => {
          const { address, object, force, leaving } = effect;
          // First: the object's controller takes pods away as soon as fewer are asked for.
          const { nodes, unchosen } = leaving === undefined ? nobodyLeaves : await markLeaving(client, address, object, leaving);
          await nominations.made(nodes);
          return {
            on: 'Applied',
            id,
            op,
            live: await apply(client, address, object, force),
            ...(unchosen === undefined ? {} : { unchosen }),
          };
        },
        (failure) => ({ on: 'Applied', id, op, failure }),
      );
    case 'createNamespace':
      return attempt(
        async () => {
          await ensureNamespace(client, effect.namespace);
          return { on: 'NamespaceReady', id, op };
        },
        (failure) => ({ on: 'NamespaceReady', id, op, failure }),
      );
    case 'delete':
      return attempt(
        async () => {
          await remove(client, effect.address, effect.uid);
          return { on: 'Deleted', id, op };
        },
        (failure) => ({ on: 'Deleted', id, op, failure }),
      );
    case 'release':
      return attempt(
        async () => {
          await release(client, effect.address, effect.uid);
          return { on: 'Released', id, op };
        },
        (failure) => ({ on: 'Released', id, op, failure }),
      );
    default:
      return unreachable(effect);
  }
};

const read = async (client: KubeClient, address: ObjectAddress): Promise<Look> => {
  const object = await client.get(address);
  return object === undefined ? {} : { found: liveOf(object) };
};

/** A reading beside another call: when it fails the core reads for itself, and hears why. */
const lookAt = async (client: KubeClient, address: ObjectAddress | undefined): Promise<Look | undefined> =>
  address === undefined ? undefined : read(client, address).catch(() => undefined);

const apply = async (client: KubeClient, address: ObjectAddress, object: KubeObject, force: boolean): Promise<Live> =>
  liveOf(await client.patch(address, 'application/apply-patch+yaml', object, { fieldManager: FIELD_MANAGER, force }));

const remove = async (client: KubeClient, address: ObjectAddress, uid: string): Promise<void> => {
  try {
    await client.delete(address, { propagationPolicy: 'Background', preconditions: { uid } });
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
};

const release = async (client: KubeClient, address: ObjectAddress, uid: string): Promise<void> => {
  const object = await client.get(address);
  // Another one of this name is not ours to touch.
  if (object === undefined || object.metadata.uid !== uid) return;
  await client.patch(address, 'application/merge-patch+json', renderRelease(object), { fieldManager: FIELD_MANAGER });
};

type WatchOptions = {
  readonly client: KubeClient;
  readonly env: RuntimeEnv;
  readonly type: GroupVersionResource;
  readonly forbidden: Set<string>;
  readonly post: (input: WorkInput) => void;
  /** Every target that is wanted here. */
  readonly targets: () => readonly string[];
};

/** Follows what carries our label; what a full reading misses has vanished. */
const startWatch = ({ client, env, type, forbidden, post, targets }: WatchOptions): Reflector => {
  const prefix = `${type.group}/${type.resource}/`;
  const targetAt = (key: string): string => `${prefix}${key.includes('/') ? key : `/${key}`}`;
  let seen = new Set<string>();
  return startReflector<Live>({
    client,
    env,
    collection: { ...type, labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY}` },
    project: liveOf,
    onHealth: (problem) => {
      const verb = `watch ${type.resource}`;
      if (problem?.status === 403) forbidden.add(verb);
      else forbidden.delete(verb);
      if (problem !== undefined) env.log.debug('a watch of applied objects failed', { resource: type.resource, why: problem.message });
    },
    onEvent: (event) => {
      switch (event.type) {
        case 'Init':
          seen = new Set();
          return;
        case 'InitApply':
        case 'Apply':
          seen.add(targetAt(event.key));
          post({ on: 'Observed', target: targetAt(event.key), live: event.item });
          return;
        case 'Delete':
          seen.delete(targetAt(event.key));
          post({ on: 'Vanished', target: targetAt(event.key) });
          return;
        case 'InitDone':
          for (const target of targets()) {
            if (target.startsWith(prefix) && !seen.has(target)) post({ on: 'Vanished', target, asOf: event.resourceVersion });
          }
          seen = new Set();
      }
    },
  });
};
