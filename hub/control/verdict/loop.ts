/**
 * @module Tells the agents who takes part in finding out who died, listens to their votes as they do, and puts what they agree on onto the
 * Clusters: status, Events, history. The hub counts for itself; it decides nothing here but where it is the witness of two clusters.
 */
import { defaultFailoverPolicy, effectiveFailover, type FailoverPolicy, hanseApiVersion, hanseGroup } from '../../../shared/api/index.ts';
import {
  type Cause,
  obstacleText,
  startWatch,
  type Verdict,
  verdictText,
  type Watch,
  type WatchPorts,
} from '../../../shared/health/index.ts';
import { keyOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { brokerName, hubName, type MeshMessage } from '../../../shared/wire/mesh.ts';
import { makeMeshGate } from '../../../shared/wire/mesh-gate.ts';
import type { FleetBus, HubMesh } from '../../fleet/port.ts';
import type { Directory } from '../cluster/directory.ts';
import type { Removals } from '../cluster/removals.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import type { EventRecorder } from '../events.ts';
import { commit, controlUser, newMetadata, sameJson } from '../objects.ts';
import { type Membered, membersOf } from './membership.ts';
import { startPacer } from './pacer.ts';
import { createShadowDesk } from './shadow-desk.ts';

/** What the loop is built from. */
export type VerdictLoopOptions = {
  readonly store: Store;
  readonly bus: FleetBus;
  readonly mesh: HubMesh;
  readonly env: RuntimeEnv;
  readonly rim: Pick<WatchPorts, 'verify' | 'look' | 'monotonicMs'>;
  readonly directory: Directory;
  readonly events: EventRecorder;
  /** Highest number of work that was sent to a cluster: its fence is no lower. */
  readonly sentTo: (name: string) => number;
  /** Asked before replicas go elsewhere. */
  readonly removals: Removals;
  /** What is known of the cluster's life changed. */
  readonly onJudged: (name: string) => void;
};

/** A running loop. */
export type VerdictLoop = {
  /** True when singletons of a cluster that is not heard have surely stopped. */
  readonly isFenced: (name: string) => boolean;
  /** A Cluster or a FailoverPolicy was written or deleted. */
  readonly onObject: () => void;
  readonly watch: Watch;
  readonly pending: () => number;
  readonly stop: () => Promise<void>;
};

/**
 * Every agent is told all members, so that what is told grows with the square of the fleet: the larger it is, the longer changes are gathered
 * and the rarer it is told again (which it must be, because core messages are not kept). Up to some twenty clusters the first figures hold.
 */
const gatherMs = (members: number): number => Math.max(300, members * 30);
const giveEveryMs = (members: number): number => Math.max(10_000, members * 600);
/** What the limit holds back is asked for again. */
const heldAgainMs = 1_000;
const key = 'members';
const policyKey = keyOf(hanseGroup, 'failoverpolicies', '', defaultFailoverPolicy);

const eventReason: Readonly<Record<Cause, string>> = {
  Cluster: 'ClusterDead',
  DataPlane: 'DataPlaneDead',
  Agent: 'AgentSilent',
  Silent: 'AgentSilent',
  APIServer: 'APIServerUnreachable',
  Broker: 'BrokerDead',
  Hub: 'HubDead',
  Link: 'LinkBroken',
  Gray: 'Lossy',
  Isolated: 'Isolated',
};

/** Starts the loop. */
export const startVerdictLoop = (options: VerdictLoopOptions): VerdictLoop => {
  const { store, bus, mesh, env, directory, events } = options;
  const bootId = env.uuid();
  const gate = makeMeshGate({ sign: mesh.sign, verify: options.rim.verify, hubKey: () => mesh.publicKey });
  const watch = startWatch({
    ...options.rim,
    name: hubName,
    bootId,
    env,
    sign: mesh.sign,
    hubKey: () => mesh.publicKey,
    publish: mesh.publish,
    sendDirect: () => undefined,
  });
  const shadows = createShadowDesk();
  const permissions = new Map<
    string,
    { readonly publicKey: string; readonly jwt: string; readonly mintedMs: number; readonly expiresAtMs: number }
  >();
  const replicaTimers = new Map<string, () => void>();
  const fenced = new Set<string>();
  let current: (Membered & { readonly epoch: number; readonly packet: Uint8Array }) | undefined;
  const size = (): number => current?.members.length ?? 0;
  let seq = 0;

  const head = () => ({ v: 1 as const, from: hubName, bootId, seq: ++seq, sentMs: 0 });
  const policy = (): FailoverPolicy | undefined => store.get(policyKey)?.object as unknown as FailoverPolicy | undefined;

  /** The permission of one agent, kept until half of its life has passed. */
  const permissionOf = (name: string, publicKey: string) => {
    const kept = permissions.get(name);
    const nowMs = env.nowMs();
    if (kept?.publicKey === publicKey && nowMs - kept.mintedMs < (kept.expiresAtMs - kept.mintedMs) / 2) return kept;
    const made = { publicKey, mintedMs: nowMs, ...mesh.credential(publicKey, name) };
    permissions.set(name, made);
    return made;
  };
  const giveNow = (name: string): void => {
    const member = current?.members.find((one) => one.name === name);
    if (current === undefined || member === undefined || name === hubName) return;
    const { jwt, expiresAtMs } = permissionOf(name, member.publicKey);
    const permission = gate.seal({ ...head(), kind: 'credential', to: name, jwt, expiresAtMs });
    mesh.give(name, current.packet);
    if (permission !== undefined) mesh.give(name, permission);
  };
  const giving = startPacer({ env, sizeOf: () => current?.packet.length ?? 0, give: giveNow });

  const wanted = (): Membered =>
    membersOf(
      directory
        .all()
        .flatMap(({ object, hello }) =>
          object === undefined ? [] : [{ cluster: object, meshAddresses: hello?.meshAddresses ?? [], labels: hello?.labels ?? {} }],
        ),
      policy()?.spec ?? {},
      mesh.publicKey,
    );

  /** The policy is made when it is missing; its status counts the memberships, so that a hub that starts again goes on above the last. */
  const reconcile = async (): Promise<Outcome> => {
    const stored = store.get(policyKey);
    if (stored === undefined) {
      const object = {
        apiVersion: hanseApiVersion,
        kind: 'FailoverPolicy',
        metadata: newMetadata(env, defaultFailoverPolicy, ''),
        spec: {},
      };
      return (
        (await commit(store, [{ op: 'put', key: policyKey, expected: 0, object, by: controlUser }])) ?? { outcome: 'again', afterMs: 0 }
      );
    }
    const next = wanted();
    if (current !== undefined && sameJson({ members: current.members, policy: current.policy }, next)) return done;
    const status = policy()?.status;
    const epoch = Math.max(current?.epoch ?? 0, status?.membershipEpoch ?? 0) + 1;
    const object = { ...stored.object, status: { ...status, membershipEpoch: epoch, members: next.members.length } };
    const problem = await commit(store, [{ op: 'put', key: policyKey, expected: stored.revision, object, by: controlUser }]);
    if (problem !== undefined) return problem;
    const packet = gate.seal({ ...head(), kind: 'members', epoch, ...next });
    if (packet === undefined) {
      env.log.error('the membership is too large to be told to the agents: they go on by the last one', { members: next.members.length });
      return done;
    }
    current = { ...next, epoch, packet };
    watch.hear('broker', packet);
    for (const { name } of next.members) giving.add(name);
    return done;
  };
  const controller: Controller = startController({ name: 'verdict', env, workers: 1, reconcile });

  const tellEvent = (name: string, type: 'Normal' | 'Warning', reason: string, message: string): void => {
    const cluster = directory.get(name)?.object;
    if (cluster === undefined) return;
    events.record(cluster, { type, reason, message });
  };
  /** The number is written before anything is asked for: a hub that starts again goes on above it. */
  const fence = async (name: string): Promise<Outcome> => {
    const key = keyOf(hanseGroup, 'clusters', '', name);
    const stored = store.get(key);
    const observed = directory.get(name)?.observed;
    if (stored === undefined || observed?.cause !== 'Cluster' || !observed.isReplicasTurn) {
      watch.leases.unfence(name);
      fenced.delete(name);
      return done;
    }
    if (fenced.has(name)) return done;
    const number = Math.max(store.revision(), options.sentTo(name));
    const object = { ...stored.object, status: { ...(stored.object.status as object), fence: number } };
    const trouble = await commit(store, [{ op: 'put', key, expected: stored.revision, object, by: controlUser }]);
    if (trouble !== undefined) return trouble;
    fenced.add(name);
    watch.leases.fence(name, number);
    return done;
  };
  const fences: Controller = startController({ name: 'fence', env, workers: 1, reconcile: fence });

  /** Replicas have a longer timer than traffic. */
  const startReplicaTimer = (name: string): void => {
    replicaTimers.get(name)?.();
    const { afterSeconds } = effectiveFailover(policy()?.spec).replicas;
    const ask = (): void => {
      const record = directory.get(name);
      if (record?.observed?.cause !== 'Cluster' || record.observed.phase !== 'Standing') return;
      const held = options.removals.take(name);
      if (held !== record.held && held !== undefined)
        tellEvent(name, 'Warning', 'ReplicasHeld', `its replicas stay for now: ${obstacleText[held]}`);
      record.held = held;
      record.observed = { ...record.observed, isReplicasTurn: held === undefined };
      fences.add(name);
      options.onJudged(name);
      if (held !== undefined) replicaTimers.set(name, env.setTimer(heldAgainMs, ask));
    };
    replicaTimers.set(name, env.setTimer(afterSeconds * 1_000, ask));
  };
  const onVerdict = (verdict: Verdict): void => {
    const { target, cause, phase, voters, needed, observers, epoch } = verdict;
    if (target === brokerName || target === hubName) {
      env.log.warn('verdict', { target, cause, phase, voters });
      return;
    }
    const record = directory.get(target);
    if (record === undefined) return;
    const evidence = watch.votesOn(target)[0]?.vote.evidence;
    const message = verdictText(verdict, evidence);
    const before = record.observed;
    const ageMs = Math.max(0, options.rim.monotonicMs() - verdict.sinceMs);
    record.observed =
      phase === 'Cleared'
        ? undefined
        : {
            cause,
            phase,
            sinceMs: Math.floor(env.nowMs() - ageMs),
            message,
            votes: `${voters.length}/${needed}/${observers}`,
            voters,
            epoch,
            isReplicasTurn: before?.cause === 'Cluster' && before.isReplicasTurn && cause === 'Cluster' && phase === 'Standing',
          };
    env.log.warn('verdict', { cluster: target, cause, phase, voters });
    if (phase === 'Standing') tellEvent(target, 'Warning', eventReason[cause], message);
    else if (phase === 'Returning')
      tellEvent(
        target,
        'Normal',
        'Returning',
        `a majority sees it well again; it is held down for ${Math.round((verdict.holdDownMs ?? 0) / 1_000)} s`,
      );
    else tellEvent(target, 'Normal', 'Recovered', `the verdict ${cause} is over`);
    if (phase === 'Cleared') {
      options.removals.giveBack(target);
      record.held = undefined;
    }
    if (cause === 'Cluster' && phase === 'Standing' && record.observed?.isReplicasTurn === false) startReplicaTimer(target);
    fences.add(target);
    options.onJudged(target);
  };
  const onMessage = (message: MeshMessage): void => {
    if (message.kind !== 'shadows') return;
    for (const name of shadows.take(message)) {
      const record = directory.get(name);
      if (record !== undefined) record.detectors = shadows.summaryOf(name);
    }
  };

  const stops = [
    mesh.onPacket((packet) => watch.hear('broker', packet)),
    watch.onVerdict(onVerdict),
    watch.onMessage(onMessage),
    watch.onObstacle(({ target, obstacle }) => {
      if (obstacle !== undefined)
        tellEvent(target, 'Warning', 'VerdictHeld', `a majority holds it for dead, and nothing moves: ${obstacleText[obstacle]}`);
    }),
    bus.onHello(({ message }) => {
      controller.addAfter(key, gatherMs(size()));
      giving.add(message.cluster);
    }),
  ];
  let cancelGive: () => void = () => undefined;
  const giveAll = (): void => {
    for (const { name } of current?.members ?? []) giving.add(name);
    cancelGive = env.setTimer(giveEveryMs(size()), giveAll);
  };
  cancelGive = env.setTimer(giveEveryMs(size()), giveAll);
  controller.add(key);

  return {
    onObject: () => controller.addAfter(key, gatherMs(size())),
    watch,
    isFenced: watch.leases.isFenced,
    pending: () => controller.pending() + fences.pending(),
    stop: async () => {
      cancelGive();
      giving.stop();
      for (const cancel of replicaTimers.values()) cancel();
      for (const stop of stops) stop();
      watch.stop();
      await Promise.all([controller.stop(), fences.stop()]);
    },
  };
};
