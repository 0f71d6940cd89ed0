/** @module Clusters, hub and broker of one detection run: the shipped detector in each, under virtual time, over the model of the network. */
import {
  type Channel,
  type DetectorEffect,
  type DetectorEnv,
  type DetectorEvent,
  type DetectorState,
  memoryOf,
  newDetector,
  restoreMemory,
  step,
  tickEveryMs,
  type Verdict,
} from '../../../shared/health/index.ts';
import { heapOf } from '../../../shared/lib/heap.ts';
import { prng } from '../../../shared/lib/prng.ts';
import { hubName, type Membership, type MeshMessage, type MeshPolicy } from '../../../shared/wire/mesh.ts';
import { createNetwork, type Network, type NetworkOptions } from './network.ts';

/** What a run is made of. */
export type FleetOptions = Omit<NetworkOptions, 'seed'> & {
  readonly seed: number;
  readonly clusters: number;
  readonly hasDirect: boolean;
  /** False: a membership without the hub. */
  readonly hasHub: boolean;
  readonly hasGateways: boolean;
  /** True: the address of each API server is looked at too, which answers though agent and gateway are dead. */
  readonly hasApiAddresses?: boolean;
  readonly policy: Partial<MeshPolicy>;
};

/** A verdict as one agent gave it. */
export type Given = { readonly by: string; readonly atMs: number; readonly verdict: Verdict };

/** One that runs a detector. */
export type Node = {
  readonly name: string;
  state: DetectorState;
  boots: number;
  isAgentUp: boolean;
  isPaused: boolean;
  /** The cluster itself: its API server and what its gateway says. */
  isApiUp: boolean;
  gateway: 'well' | 'gone' | 'wild';
  readonly inbox: DetectorEvent[];
  /** An agent that lies: what it makes of what its detector wants sent. */
  lie: ((effect: DetectorEffect) => readonly DetectorEffect[]) | undefined;
};

/** A running fleet. */
export type Fleet = {
  readonly nowMs: () => number;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly node: (name: string) => Node;
  readonly network: Network;
  readonly given: readonly Given[];
  readonly refusals: ReadonlyMap<string, number>;
  readonly obstacles: readonly { readonly by: string; readonly target: string; readonly obstacle: string | undefined }[];
  readonly setBroker: (isUp: boolean) => void;
  readonly stopAgent: (name: string) => void;
  /** With what its last life has kept; `forgets`: with an empty disk. The hub keeps nothing. */
  readonly startAgent: (name: string, forgets?: boolean) => void;
  readonly pause: (name: string, forMs: number) => void;
  /** The hub gives these up, and those alone, and tells all that can be reached. */
  readonly giveUp: (names: readonly string[]) => void;
  /** Puts a message into a node as if it had come. */
  readonly inject: (to: string, event: DetectorEvent) => void;
  readonly run: (untilMs: number) => void;
  readonly events: () => number;
};

/** Policy of runs that name none. */
export const policyDefaults: MeshPolicy = {
  profile: 'fast',
  automatic: true,
  domainsMin: 2,
  clustersPercentMax: 40,
  capacityPercentMax: 50,
  windowMs: 600_000,
  survivorsMin: 1,
  holdDownMs: 10_000,
  holdDownMsMax: 300_000,
  halfLifeMs: 900_000,
};

/** `c0`, `c1`, …: one failure domain for every two clusters. */
export const clusterNames = (count: number): string[] => Array.from({ length: count }, (_, at) => `c${at}`);

const membershipOf = (options: FleetOptions): Membership => ({
  v: 1,
  kind: 'members',
  from: hubName,
  bootId: 'hub',
  seq: 1,
  sentMs: 0,
  epoch: 1,
  members: [
    ...clusterNames(options.clusters).map((name, at) => ({
      name,
      role: 'Cluster' as const,
      publicKey: name,
      addresses: options.hasDirect ? [`${name}:1`] : [],
      domain: `d${at % Math.max(2, Math.ceil(options.clusters / 2))}`,
      capacity: 1_000,
      probes: [
        ...(options.hasGateways ? [{ role: 'Gateway' as const, url: `http://${name}:80/` }] : []),
        ...(options.hasApiAddresses === true ? [{ role: 'APIServer' as const, url: `tcp://${name}:6443` }] : []),
      ],
    })),
    ...(options.hasHub
      ? [{ name: hubName, role: 'Witness' as const, publicKey: hubName, addresses: [], domain: hubName, capacity: 0, probes: [] }]
      : []),
  ],
  policy: { ...policyDefaults, ...options.policy },
});

type Planned = { readonly atMs: number; readonly order: number; readonly run: () => void };

/** Builds the fleet and starts everything, each agent at a time of its own. */
export const createFleet = (options: FleetOptions): Fleet => {
  const network = createNetwork(options);
  let membership = membershipOf(options);
  const random = prng(options.seed, 'fleet');
  const heap = heapOf<Planned>([], (a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
  const nodes = new Map<string, Node>();
  const given: Given[] = [];
  const refusals = new Map<string, number>();
  const obstacles: { by: string; target: string; obstacle: string | undefined }[] = [];
  let nowMs = 0;
  let order = 0;
  let events = 0;
  let isBrokerUp = true;

  const at = (atMs: number, run: () => void): void => heap.push({ atMs, order: order++, run });
  /** Each machine has a clock of its own, with a beginning of its own. */
  const envOf = (name: string): DetectorEnv => {
    const own = prng(options.seed, `node/${name}`);
    const offsetMs = own.below(3_600_000);
    return { monotonicMs: () => nowMs + offsetMs, random: own.next };
  };
  const envs = new Map<string, DetectorEnv>();
  const node = (name: string): Node => {
    const found = nodes.get(name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  };

  const deliver = (to: Node, event: DetectorEvent): void => {
    if (!to.isAgentUp) return;
    if (to.isPaused) {
      to.inbox.push(event);
      return;
    }
    const env = envs.get(to.name);
    if (env === undefined) return;
    for (const effect of step(to.state, event, env)) for (const done of to.lie?.(effect) ?? [effect]) perform(to, done);
  };
  const arrive = (to: string, channel: Channel, message: MeshMessage, proof: unknown): void => {
    const target = nodes.get(to);
    if (target === undefined) return;
    const isBeat = message.kind === 'beat';
    const inner = proof as MeshMessage | undefined;
    deliver(target, {
      type: 'message',
      channel,
      message,
      ...(isBeat ? { packet: message } : {}),
      ...(inner?.kind === 'beat' ? { proof: inner } : {}),
    });
  };
  const overBroker = (from: string, to: readonly string[], message: MeshMessage, proof: unknown): void => {
    const toBroker = network.stream(from, 'broker', nowMs);
    if (toBroker === undefined || !isBrokerUp) return;
    at(toBroker, () => {
      if (!isBrokerUp) return;
      for (const name of to) {
        const there = network.stream('broker', name, nowMs);
        if (there !== undefined) at(there, () => isBrokerUp && arrive(name, 'broker', message, proof));
      }
    });
  };
  const sendOut = (from: Node, effect: Extract<DetectorEffect, { type: 'send' }>): void => {
    const { message, proof } = effect;
    const everyone = [...nodes.keys()];
    const isPublic = message.kind === 'beat' || message.kind === 'ballot';
    overBroker(from.name, isPublic ? everyone : effect.to === 'all' ? everyone : effect.to, message, proof);
    for (const name of effect.to === 'all' ? everyone : effect.to) {
      if (!options.hasDirect || name === from.name || name === hubName || from.name === hubName) continue;
      const there = network.datagram(from.name, name, nowMs);
      if (there !== undefined) at(there, () => arrive(name, 'direct', message, proof));
    }
  };
  const look = (from: Node, effect: Extract<DetectorEffect, { type: 'probe' }>): void => {
    const { target, address, id, limits } = effect;
    const startedMs = nowMs;
    const tookMs = network.request(from.name, target, startedMs);
    // One round trip opens a connection, and the next has the answer.
    const openedMs = tookMs === undefined ? undefined : Math.floor(tookMs / 2);
    const limitMs = openedMs === undefined || openedMs > limits.openMs ? limits.openMs : limits.answerMs;
    const endMs = startedMs + Math.min(limitMs, tookMs ?? limitMs);
    at(endMs, () => {
      const { gateway, isApiUp } = node(target);
      const isUp = address.role === 'Gateway' ? gateway !== 'gone' : isApiUp;
      const isAnswered = tookMs !== undefined && tookMs <= limitMs && isUp;
      deliver(from, {
        type: 'probed',
        target,
        url: address.url,
        id,
        isAnswered,
        isWild: address.role === 'Gateway' && gateway === 'wild',
        tookMs: Math.floor(nowMs - startedMs),
        openedMs,
      });
    });
  };
  const perform = (from: Node, effect: DetectorEffect): void => {
    if (effect.type === 'send') sendOut(from, effect);
    else if (effect.type === 'probe') look(from, effect);
    else if (effect.type === 'verdict') given.push({ by: from.name, atMs: nowMs, verdict: effect.verdict });
    else if (effect.type === 'obstacle') obstacles.push({ by: from.name, target: effect.target, obstacle: effect.obstacle });
    else if (effect.type === 'refused') refusals.set(effect.reason, (refusals.get(effect.reason) ?? 0) + 1);
  };

  const tick = (from: Node): void => {
    if (!from.isPaused) deliver(from, { type: 'tick' });
    at(nowMs + tickEveryMs + 2 * random.next(), () => tick(from));
  };
  const boot = (target: Node, forgets: boolean): void => {
    const env = envs.get(target.name);
    if (env === undefined) return;
    const clocks = { nowMs: env.monotonicMs(), wallMs: nowMs };
    const memory = memoryOf(target.state, clocks);
    target.boots += 1;
    target.state = newDetector(target.name, `${target.name}-${target.boots}`, env);
    if (!forgets) restoreMemory(target.state, memory, clocks);
    target.isAgentUp = true;
    deliver(target, { type: 'message', channel: 'broker', message: membership });
    deliver(target, { type: 'self', api: target.isApiUp });
  };
  for (const { name } of membership.members) {
    const env = envOf(name);
    envs.set(name, env);
    const made: Node = {
      name,
      state: newDetector(name, `${name}-0`, env),
      boots: 0,
      isAgentUp: false,
      isPaused: false,
      isApiUp: true,
      gateway: 'well',
      inbox: [],
      lie: undefined,
    };
    nodes.set(name, made);
    at(random.next() * 500, () => {
      boot(made, true);
      tick(made);
    });
  }

  return {
    nowMs: () => nowMs,
    nodes,
    node,
    network,
    given,
    refusals,
    obstacles,
    setBroker: (isUp) => {
      isBrokerUp = isUp;
    },
    stopAgent: (name) => {
      node(name).isAgentUp = false;
    },
    startAgent: (name, forgets = name === hubName) => boot(node(name), forgets),
    pause: (name, forMs) => {
      const target = node(name);
      target.isPaused = true;
      at(nowMs + forMs, () => {
        target.isPaused = false;
        // What came meanwhile is read first: the sockets' buffers were full, the timer fires after them.
        for (const event of target.inbox.splice(0)) deliver(target, event);
      });
    },
    giveUp: (names) => {
      const members = membership.members.map(({ isLost: _, ...member }) => ({
        ...member,
        ...(names.includes(member.name) ? { isLost: true } : {}),
      }));
      membership = { ...membership, epoch: membership.epoch + 1, members };
      for (const to of nodes.values()) {
        const there = network.stream('broker', to.name, nowMs);
        if (there !== undefined && isBrokerUp) deliver(to, { type: 'message', channel: 'broker', message: membership });
      }
    },
    inject: (to, event) => deliver(node(to), event),
    run: (untilMs) => {
      for (let next = heap.peek(); next !== undefined && next.atMs <= untilMs; next = heap.peek()) {
        heap.pop();
        nowMs = next.atMs;
        events += 1;
        next.run();
      }
      nowMs = untilMs;
    },
    events: () => events,
  };
};
