/** @module The small loop around the detector: what comes in is opened and stepped, what it wants is signed, sent and looked at. */
import type { RuntimeEnv } from '../lib/env.ts';
import { makeListeners } from '../wire/listeners.ts';
import {
  hubName,
  type Membership,
  type MeshMessage,
  type MeshVote,
  meshSubject,
  meshSubjectTo,
  type Opinion,
  type ProbeAddress,
  refusedRowsMax,
  type ShadowRow,
  strangersName,
} from '../wire/mesh.ts';
import { type MeshGateOptions, makeMeshGate } from '../wire/mesh-gate.ts';
import { claimOf } from '../wire/mesh-packet.ts';
import { makeRefusals, type Refusals, refusedRows } from '../wire/refusals.ts';
import { shadowsOf, step } from './detector.ts';
import { type FenceKeeper, type Leases, startLeases } from './leases.ts';
import type { Removal } from './limits.ts';
import { makeListProof } from './list-proof.ts';
import { type DetectorMemory, memoryOf, restoreMemory } from './memory.ts';
import { makeOutages } from './outages.ts';
import { placesTaken } from './places.ts';
import { type Reach, reachOf } from './probing.ts';
import { tickEveryMs } from './profile.ts';
import {
  type Channel,
  type DetectorEffect,
  type DetectorEvent,
  type LookLimits,
  newDetector,
  type ObstacleNote,
  type Verdict,
} from './state.ts';
import { isSilent, validBallots } from './turn.ts';

/** The world of a running detector. */
export type WatchPorts = MeshGateOptions & {
  readonly name: string;
  readonly bootId: string;
  readonly env: RuntimeEnv;
  /** Over the broker; best effort. */
  readonly publish: (subject: string, packet: Uint8Array) => void;
  /** As a datagram to `host:port`; best effort. */
  readonly sendDirect: (address: string, packet: Uint8Array) => void;
  /** Keeps the fences that this process has promised; absent = they end with it. */
  readonly keeper?: FenceKeeper;
  /** What the last life has kept, and how this one keeps; absent = verdicts are forgotten with the process, and found anew by the others' votes. */
  readonly memory?: { readonly kept: DetectorMemory | undefined; readonly keep: (memory: DetectorMemory) => void };
  /** Looks at an address; never rejects. `look` counts the looks at it. */
  readonly look: (
    address: ProbeAddress,
    limits: LookLimits,
    look: number,
  ) => Promise<{
    readonly isAnswered: boolean;
    readonly isWild: boolean | undefined;
    readonly tookMs: number;
    readonly openedMs: number | undefined;
  }>;
};

/** A cluster is held down for so long if it stays well; undefined = too few see it well. */
export type HeldNote = { readonly target: string; readonly leftMs: number | undefined };

/** One observer's own view of a target. */
export type Sight = {
  readonly opinion: Opinion | undefined;
};

/** A running detector: the port by which traffic, fencing and status learn of deaths. */
export type Watch = {
  /** Each change of a verdict, as soon as it is decided; handlers must return at once. */
  readonly onVerdict: (handler: (verdict: Verdict) => void) => () => void;
  readonly onObstacle: (handler: (note: ObstacleNote) => void) => () => void;
  /** The end of a hold-down is another than was told, by the verdict at first. */
  readonly onHeld: (handler: (note: HeldNote) => void) => () => void;
  /** Another process with this agent's keys was started later, and lives; told once. */
  readonly onOvertaken: (handler: () => void) => () => void;
  /** A membership came into force; `packet` as the hub signed it. */
  readonly onMembership: (handler: (given: { readonly membership: Membership; readonly packet: Uint8Array }) => void) => () => void;
  /** A signed message that a detector has no use for: shadows, and the hub's permissions. Look at who it is from. */
  readonly onMessage: (handler: (message: MeshMessage) => void) => () => void;
  /** Verdicts that stand now, sorted by target. */
  readonly standing: () => readonly Verdict[];
  readonly membership: () => Membership | undefined;
  /** What the observers have removed, which counts against the limits; times of the monotonic clock. */
  readonly removals: () => readonly Removal[];
  /** What each voter that still speaks holds against a target, sorted by voter. */
  readonly votesOn: (target: string) => readonly { readonly voter: string; readonly vote: MeshVote }[];
  /** False while this process has not heard a target that it watches since its start: that nobody holds anything against it says little then. */
  readonly hasHeard: (target: string) => boolean;
  /** Whether requests from here would arrive at a target; one that it does not watch is taken to be reached. Who doubts itself knows nothing. */
  readonly reachOf: (target: string) => Reach;
  /** What this observer itself finds of a target, whatever the others do; undefined = nothing, as of one that it does not watch, or it doubts itself. */
  readonly sightOf: (target: string) => Sight | undefined;
  /** True while this agent doubts itself; it then must not take anything over. */
  readonly abstains: () => boolean;
  readonly shadows: () => readonly ShadowRow[];
  /** Leases of singletons. */
  readonly leases: Leases;
  readonly refusals: Refusals;
  /** The other whose present life a packet says to be of, at a glance and unchecked: who cannot read its packets cannot name that. */
  readonly claimant: (packet: Uint8Array) => string | undefined;
  /** A packet came. */
  readonly hear: (channel: Channel, packet: Uint8Array) => void;
  readonly setSelf: (self: { readonly api: boolean; readonly ingress?: boolean }) => void;
  readonly stop: () => void;
};

/** How often the shadow detectors' counts, those of refusals and the last outages are told to the hub. */
const shadowsEveryMs = 30_000;

/** Starts watching; nothing is sent before a membership came. */
export const startWatch = (ports: WatchPorts): Watch => {
  const { name, env } = ports;
  const gate = makeMeshGate(ports);
  const refusals = makeRefusals(env);
  const verdicts = makeListeners<Verdict>(env.log);
  const obstacles = makeListeners<ObstacleNote>(env.log);
  const helds = makeListeners<HeldNote>(env.log);
  const memberships = makeListeners<{ membership: Membership; packet: Uint8Array }>(env.log);
  const messages = makeListeners<MeshMessage>(env.log);
  const overtaken = makeListeners<undefined>(env.log);
  const detectorEnv = { monotonicMs: env.monotonicMs, random: env.random };
  const state = newDetector(name, ports.bootId, detectorEnv);
  const beganMs = env.monotonicMs();
  const clocks = () => ({ nowMs: env.monotonicMs(), wallMs: env.nowMs() });
  if (ports.memory?.kept !== undefined) restoreMemory(state, ports.memory.kept, clocks());
  const outages = makeOutages(beganMs);
  let stopped = false;
  let shadowSeq = 0;
  let isOvertaken = false;

  const post = (to: 'all' | readonly string[], message: MeshMessage, proof?: unknown): void => {
    const packet = gate.seal(message, proof instanceof Uint8Array ? proof : undefined);
    if (packet === undefined) {
      env.log.warn('a message to the other clusters is too large and was not sent', { kind: message.kind });
      return;
    }
    const members = state.membership?.members ?? [];
    const { kind } = message;
    if (kind === 'beat' || kind === 'ballot' || kind === 'shadows') ports.publish(meshSubject(name, kind), packet);
    else if (to !== 'all') for (const one of to) ports.publish(meshSubjectTo(name, one), packet);
    if (kind === 'shadows') return;
    for (const { name: other, addresses } of members) {
      if (other === name || (to !== 'all' && !to.includes(other))) continue;
      for (const address of addresses) ports.sendDirect(address, packet);
    }
  };
  const leases = startLeases({
    state,
    keeper: ports.keeper,
    nowMs: env.monotonicMs,
    random: env.random,
    log: env.log,
    post: (to, message) => post(to, message),
  });
  /** Under whom a refused packet is counted: an invented name is none of its own. */
  const countedFor = (claimed: string): string =>
    claimed === '' || claimed === name || claimed === hubName || state.peers.has(claimed) ? claimed : strangersName;
  const look = ({ target, address, id, limits }: Extract<DetectorEffect, { type: 'probe' }>): void => {
    void ports.look(address, limits, id).then(({ isAnswered, isWild, tookMs, openedMs }) => {
      run({ type: 'probed', target, url: address.url, id, isAnswered, isWild, tookMs, openedMs });
    });
  };
  const perform = (effect: DetectorEffect): void => {
    if (effect.type === 'send') post(effect.to, effect.message, effect.proof);
    else if (effect.type === 'probe') look(effect);
    else if (effect.type === 'verdict') {
      // Who was away has not heard of it: it is told as soon as it can be, and again with all that follows.
      if (outages.note(effect.verdict, env.monotonicMs())) tellHub();
      verdicts.tell(effect.verdict);
    } else if (effect.type === 'obstacle') obstacles.tell(effect);
    else if (effect.type === 'held') helds.tell(effect);
    else if (effect.type === 'overtaken') {
      if (!isOvertaken) overtaken.tell(undefined);
      isOvertaken = true;
    } else if (effect.type === 'refused')
      refusals.refuse({ cluster: effect.from, subject: 'mesh', reason: effect.reason, message: effect.message });
    else env.log.debug(effect.why === undefined ? 'this observer speaks again' : 'this observer abstains', { why: effect.why });
  };
  const run = (event: DetectorEvent): void => {
    if (stopped) return;
    const { removals, addressesKnown } = state;
    const effects = step(state, event, detectorEnv);
    // First it is kept, then acted on. Penalties change with a verdict only.
    const isToKeep =
      state.removals !== removals || state.addressesKnown !== addressesKnown || effects.some(({ type }) => type === 'verdict');
    if (isToKeep) ports.memory?.keep(memoryOf(state, clocks()));
    for (const effect of effects) perform(effect);
  };

  const proof = makeListProof((packet) => {
    if (name !== hubName) ports.publish(meshSubjectTo(name, hubName), packet);
  }, env.monotonicMs);

  let cancelTick: () => void = () => undefined;
  const tick = (): void => {
    run({ type: 'tick' });
    if (!stopped) leases.tick(env.monotonicMs());
    if (!stopped) cancelTick = env.setTimer(tickEveryMs, tick);
  };
  cancelTick = env.setTimer(tickEveryMs, tick);
  let cancelShadows: () => void = () => undefined;
  const tellHub = (): void => {
    const rows = shadowsOf(state);
    const watchedMs = Math.floor(env.monotonicMs() - beganMs);
    const head = { v: 1 as const, from: name, bootId: ports.bootId, seq: ++shadowSeq, sentMs: watchedMs };
    const refused = refusedRows(refusals.counts()).slice(0, refusedRowsMax);
    const past = outages.all();
    if (rows.length + refused.length + past.length === 0 || name === hubName) return;
    const more = { ...(refused.length > 0 ? { refused } : {}), ...(past.length > 0 ? { outages: past } : {}) };
    post('all', { ...head, kind: 'shadows', watchedMs, rows, ...more });
  };
  const tellShadows = (): void => {
    tellHub();
    cancelShadows = env.setTimer(shadowsEveryMs, tellShadows);
  };
  cancelShadows = env.setTimer(shadowsEveryMs, tellShadows);

  return {
    onVerdict: verdicts.add,
    onObstacle: obstacles.add,
    onHeld: helds.add,
    onOvertaken: overtaken.add,
    onMembership: memberships.add,
    onMessage: messages.add,
    standing: () => [...state.subjects.values()].flatMap(({ standing }) => standing ?? []).sort((a, b) => (a.target < b.target ? -1 : 1)),
    membership: () => state.membership,
    removals: () => placesTaken(state, env.monotonicMs()),
    votesOn: (target) =>
      [...validBallots(state, env.monotonicMs())]
        .flatMap(([voter, { votes }]) => votes.filter((vote) => vote.target === target).map((vote) => ({ voter, vote })))
        .sort((a, b) => (a.voter < b.voter ? -1 : 1)),
    hasHeard: (target) => {
      const peer = state.peers.get(target);
      return peer !== undefined && (!peer.isWatched || peer.heardMs !== undefined);
    },
    reachOf: (target) => {
      const peer = state.peers.get(target);
      if (peer === undefined || state.abstains !== undefined) return 'Unknown';
      return peer.isWatched ? reachOf(peer, peer.heardMs !== undefined && !isSilent(state, peer, env.monotonicMs())) : 'Reached';
    },
    sightOf: (target) => {
      const peer = state.abstains === undefined ? state.peers.get(target) : undefined;
      return peer?.heardMs === undefined || !peer.isWatched ? undefined : { opinion: peer.opinion };
    },
    abstains: () => state.abstains !== undefined,
    shadows: () => shadowsOf(state),
    leases,
    refusals,
    claimant: (packet) => {
      const claim = claimOf(packet);
      const peer = claim === undefined ? undefined : state.peers.get(claim.from);
      return claim !== undefined && (peer?.boot === claim.bootId || peer?.candidate?.boot === claim.bootId) ? claim.from : undefined;
    },
    hear: (channel, packet) => {
      if (stopped) return;
      const opened = gate.open(packet);
      if (!opened.ok) {
        refusals.refuse({ cluster: countedFor(opened.from), subject: `mesh ${channel}`, reason: opened.reason, message: opened.message });
        return;
      }
      const { message, proof: beat } = opened;
      if (leases.hear(message, env.monotonicMs())) return;
      const before = state.membership;
      if (message.kind === 'members' && message.epoch < (before?.epoch ?? 0)) proof.isBehind();
      if (message.kind === 'shadows' || message.kind === 'credential') messages.tell(message);
      run({
        type: 'message',
        channel,
        message,
        ...(message.kind === 'beat' ? { packet: opened.packet } : {}),
        ...(beat === undefined ? {} : { proof: beat }),
      });
      if (state.membership === undefined || state.membership === before) return;
      gate.setMembers(state.membership);
      proof.take(opened.packet);
      leases.onMembership(state.membership);
      memberships.tell({ membership: state.membership, packet });
    },
    setSelf: (self) => run({ type: 'self', ...self }),
    stop: () => {
      stopped = true;
      cancelTick();
      cancelShadows();
      refusals.close();
    },
  };
};
