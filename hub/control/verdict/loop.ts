/** @module Counts the votes of the agents as they do, and puts what they agree on onto the Clusters: status, Events, history. */
import { type Cluster, effectiveFailover, meshPolicyOf } from '../../../shared/api/index.ts';
import {
  type HeldNote,
  type ObstacleNote,
  startWatch,
  type Verdict,
  verdictText,
  type Watch,
  type WatchPorts,
} from '../../../shared/health/index.ts';
import type { Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { brokerName, hubName, type Membership, type MeshMessage } from '../../../shared/wire/mesh.ts';
import { makeMeshGate } from '../../../shared/wire/mesh-gate.ts';
import { refusedRows } from '../../../shared/wire/refusals.ts';
import type { FleetBus, HubMesh } from '../../fleet/port.ts';
import type { Directory } from '../cluster/directory.ts';
import type { Removals } from '../cluster/removals.ts';
import type { EventRecorder, EventText } from '../events.ts';
import { createBelonging } from './belonging.ts';
import { eventOf, heldEventOf, outageEventOf } from './event-texts.ts';
import { startMembershipLoop, storedPolicy } from './membership-loop.ts';
import { createOutageDesk } from './outage-desk.ts';
import { observedOf } from './relation.ts';
import { heldSinceMs, observedIn, rememberedIn } from './remembered.ts';
import { startReplicaTurns } from './replica-turns.ts';
import { createShadowDesk, type ObservedRefusals } from './shadow-desk.ts';
import { type Watched, watchedIn } from './watched.ts';

/** What the loop is built from. */
export type VerdictLoopOptions = {
  readonly store: Store;
  readonly bus: FleetBus;
  readonly mesh: HubMesh;
  readonly env: RuntimeEnv;
  readonly rim: Pick<WatchPorts, 'verify' | 'look'>;
  readonly directory: Directory;
  readonly events: EventRecorder;
  /** The Clusters as an earlier hub left them. */
  readonly known: readonly Cluster[];
  /** Highest number of work that was sent to a cluster: its fence is no lower. */
  readonly sentTo: (name: string) => number;
  /** Asked before replicas go elsewhere. */
  readonly removals: Removals;
  /** What is known of the cluster's life changed. */
  readonly onJudged: (name: string) => void;
  /** How the cluster is watched may have changed. */
  readonly onWatched: (name: string) => void;
};

/** A running loop. */
export type VerdictLoop = {
  /** True when singletons of a cluster that is not heard have surely stopped. */
  readonly isFenced: (name: string) => boolean;
  /** A Cluster or a FailoverPolicy was written or deleted. */
  readonly onObject: () => void;
  /** How the others watch a cluster; undefined where it takes no part, or before it is known. */
  readonly watched: (name: string) => Watched | undefined;
  readonly watch: Watch;
  /** What this hub and each agent have refused of what members of the mesh, or others in their name, have sent. */
  readonly refused: () => readonly ObservedRefusals[];
  readonly pending: () => number;
  readonly stop: () => Promise<void>;
};

/** Starts the loop. */
export const startVerdictLoop = (options: VerdictLoopOptions): VerdictLoop => {
  const { store, bus, mesh, env, directory, events, rim } = options;
  const bootId = env.uuid();
  const gate = makeMeshGate({ sign: mesh.sign, verify: rim.verify, hubKey: () => mesh.publicKey });
  const policy = storedPolicy(store)?.spec ?? {};
  // Without a voice it could not ask whether what stands is over: then it is found anew by votes.
  const known = effectiveFailover(policy).detection.witness === 'Hub' ? options.known : [];
  const watch = startWatch({
    ...rim,
    // The Clusters keep it.
    memory: { kept: rememberedIn(known, meshPolicyOf(policy)), keep: () => undefined },
    name: hubName,
    bootId,
    env,
    sign: mesh.sign,
    hubKey: () => mesh.publicKey,
    publish: mesh.publish,
    sendDirect: () => undefined,
  });
  const shadows = createShadowDesk();
  const outageDesk = createOutageDesk();
  const tellEvent = (name: string, told: EventText): void => {
    const cluster = directory.get(name)?.object;
    if (cluster !== undefined) events.record(cluster, told);
  };
  const members = startMembershipLoop({
    store,
    mesh,
    env,
    directory,
    gate,
    bootId,
    onMembers: (packet) => {
      watch.hear('broker', packet);
      for (const { name } of directory.all()) options.onWatched(name);
    },
    shown: () => watch.membership()?.epoch ?? 0,
  });
  const turns = startReplicaTurns({
    ...options,
    leases: watch.leases,
    tell: (name, reason, message) => tellEvent(name, { type: 'Warning', reason, message }),
  });

  for (const cluster of known) {
    const { name } = cluster.metadata;
    const observed = observedIn(cluster);
    if (observed === undefined) continue;
    directory.of(name).observed = observed;
    if (observed.cause === 'Cluster' && observed.phase === 'Standing') turns.begin(name);
  }
  const dayMsOf = ({ sinceMs }: Pick<Verdict, 'sinceMs'>): number => Math.floor(env.nowMs() - Math.max(0, env.monotonicMs() - sinceMs));
  const onVerdict = (verdict: Verdict): void => {
    const { target, cause, phase, voters } = verdict;
    const record = directory.get(target);
    if (record === undefined && target !== brokerName && target !== hubName) return;
    env.log.warn('verdict', { target, cause, phase, voters });
    if (record === undefined) return;
    const message = verdictText(verdict, watch.votesOn(target));
    const observed = observedOf(verdict, message, dayMsOf(verdict), record.observed);
    record.observed = observed?.phase === 'Returning' ? { ...observed, heldUntilMs: untilMs(verdict.holdDownMs) } : observed;
    tellEvent(target, eventOf(verdict, message));
    if (phase === 'Cleared') options.removals.giveBack(target);
    // What kept its replicas while it was dead keeps nothing of one that is back.
    if (phase !== 'Standing') record.held = undefined;
    if (cause === 'Cluster' && phase === 'Standing' && record.observed?.isReplicasTurn === false) turns.begin(target);
    turns.judged(target);
    options.onJudged(target);
  };
  /** On the second after: times are told in whole ones. */
  const untilMs = (leftMs: number | undefined): number | undefined =>
    leftMs === undefined ? undefined : Math.ceil((env.nowMs() + Math.max(0, leftMs)) / 1_000) * 1_000;
  const onHeld = ({ target, leftMs }: HeldNote): void => {
    const record = directory.get(target);
    if (record?.observed?.phase !== 'Returning') return;
    record.observed = { ...record.observed, heldUntilMs: untilMs(leftMs) };
    options.onJudged(target);
  };
  const onObstacle = ({ target, obstacle, agreed }: ObstacleNote): void => {
    const record = directory.get(target);
    if (record === undefined) return;
    const heldDeath =
      obstacle === undefined || agreed === undefined
        ? undefined
        : { ...agreed, obstacle, sinceMs: heldSinceMs(record, agreed.cause, dayMsOf(agreed)) };
    record.heldDeath = heldDeath;
    if (heldDeath !== undefined) tellEvent(target, heldEventOf(heldDeath, options.removals.why(target, heldDeath.obstacle)));
    options.onJudged(target);
  };
  const onMessage = (message: MeshMessage): void => {
    if (message.kind !== 'shadows') return;
    const about = shadows.take(message);
    const teller = about === undefined ? undefined : directory.get(message.from);
    const time = { nowMs: env.nowMs(), monotonicMs: env.monotonicMs() };
    const outages = teller === undefined ? [] : outageDesk.take(teller, message, time);
    for (const outage of outages) tellEvent(message.from, outageEventOf(outage));
    if (outages.length > 0) options.onJudged(message.from);
    for (const name of about ?? []) {
      const record = directory.get(name);
      if (record !== undefined) record.detectors = shadows.summaryOf(name);
    }
  };
  const belonging = createBelonging();
  const onMembership = ({ members: now }: Membership): void => {
    shadows.keepOnly(now);
    outageDesk.keepOnly(now);
    for (const name of belonging(new Set(now.map(({ name }) => name)), directory.all())) {
      turns.judged(name);
      options.onJudged(name);
    }
  };
  const stops = [
    mesh.onPacket((packet) => watch.hear('broker', packet)),
    watch.onVerdict(onVerdict),
    watch.onHeld(onHeld),
    watch.onMessage(onMessage),
    watch.onMembership(({ membership }) => onMembership(membership)),
    watch.onObstacle(onObstacle),
    bus.onHello(({ message }) => {
      members.changed();
      members.give(message.cluster);
    }),
  ];
  return {
    onObject: members.changed,
    watched: (name) => {
      const list = members.current();
      // Before its agent has told this hub where it hears datagrams nothing can be said to lack.
      return list === undefined || directory.get(name)?.hello === undefined ? undefined : watchedIn(list, name);
    },
    watch,
    refused: () => [...refusedRows(watch.refusals.counts()).map((row) => ({ observer: hubName, ...row })), ...shadows.refused()],
    isFenced: watch.leases.isFenced,
    pending: () => members.pending() + turns.pending(),
    stop: async () => {
      for (const stop of stops) stop();
      watch.stop();
      await Promise.all([members.stop(), turns.stop()]);
    },
  };
};
