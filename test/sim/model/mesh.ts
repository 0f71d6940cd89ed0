/** @module The mesh of a simulated federation: the shipped watch of every agent and of the hub, datagrams and looks over a model of the network. */
import { type Failover, watchedBy } from '../../../agent/failover/index.ts';
import type { VerdictLoopOptions } from '../../../hub/control/verdict/loop.ts';
import type { HubMesh } from '../../../hub/fleet/port.ts';
import { type DetectorMemory, startWatch, type Verdict, type Watch, type WatchPorts } from '../../../shared/health/index.ts';
import { hubName, type Membership, membersSubject } from '../../../shared/wire/mesh.ts';
import { sealPacket } from '../../../shared/wire/mesh-packet.ts';
import type { Faults } from '../faults.ts';
import { createNetwork, type Network } from '../health/network.ts';
import type { Process } from '../process.ts';
import { startMs, type World } from '../world.ts';
import type { Broker } from './broker.ts';
import { lieOf } from './lie.ts';
import { signWith, verifyWith } from './mesh-keys.ts';
import { openerOf } from './open-once.ts';

/** Told of each verdict that somebody comes to, and before that with what the watch of an agent begins, which it may change. */
export type MeshWitness = {
  readonly verdict: (by: string, verdict: Verdict) => void;
  readonly started: (ports: WatchPorts) => WatchPorts;
};

/** What a gateway says to those who look at it. */
export type Gateway = 'well' | 'gone' | 'wild';

/** The mesh of one run. */
export type Mesh = {
  readonly network: Network;
  readonly gateways: Map<string, Gateway>;
  /** The hub's part, for one of its starts. */
  readonly hub: (process: Process) => { readonly mesh: HubMesh; readonly rim: VerdictLoopOptions['rim'] };
  /** The membership that an agent goes by, or went by when it ended. */
  readonly membershipOf: (cluster: string) => Membership | undefined;
  /** An agent's part, for one of its starts. */
  readonly agent: (process: Process, cluster: string) => Failover;
  /** Who lies. */
  readonly liars: ReadonlySet<string>;
  /** An agent votes against `victim` from now on, for as long as its process lives. */
  readonly slander: (process: Process, liar: string, victim: string) => void;
};

/** nkey of a member, as the model writes it. */
export const keyOfMember = (name: string): string => `U${name}`;

/** Packets under way: longer than the slowest of them takes. */
const packetsMax = 20_000;
const keepMs = 10;
const turnsPerLook = 4;
const lieEveryMs = 500;

/** Packets travel over the model of the broker, which carries texts, under a number. */
const createParcels = () => {
  const parcels = new Map<number, Uint8Array>();
  let count = 0;
  return {
    send: (packet: Uint8Array): string => {
      count += 1;
      parcels.set(count, packet);
      parcels.delete(count - packetsMax);
      return String(count);
    },
    open: (text: string): Uint8Array | undefined => parcels.get(Number(text)),
  };
};

/** A mesh in which nobody speaks yet. */
export const createMesh = (world: World, broker: Broker, seed: number, faults: () => Faults, witness: MeshWitness): Mesh => {
  const { rttMs, burstPermille, burstMs } = faults();
  const network = createNetwork({ seed, rttMs, jitterMs: 3, lossShare: burstPermille / 1_000, burstMs });
  const gateways = new Map<string, Gateway>();
  const sinceStartMs = (): number => world.nowMs() - startMs;
  const parcels = createParcels();
  const open = openerOf();
  const listeners = new Map<string, { readonly process: Process; readonly hear: (packet: Uint8Array) => void }>();
  const kept = new Map<string, Uint8Array>();
  const boots = new Map<string, string>();
  const watches = new Map<string, Watch>();
  const liars = new Set<string>();
  const fences = new Map<string, readonly (readonly [string, number])[]>();
  const memories = new Map<string, DetectorMemory>();

  const portsOf = (process: Process, name: string) => {
    const look: WatchPorts['look'] = ({ url }, { openMs, answerMs }) => {
      const target = new URL(url).hostname;
      const startedMs = process.env.monotonicMs();
      const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<WatchPorts['look']>>>();
      const took = network.request(name, target, sinceStartMs());
      const gateway = (): Gateway => gateways.get(target) ?? 'well';
      let openedMs: number | undefined;
      const sinceBeginMs = (): number => Math.floor(process.env.monotonicMs() - startedMs);
      const end = (isAnswered: boolean): void => resolve({ isAnswered, isWild: gateway() === 'wild', tookMs: sinceBeginMs(), openedMs });
      // Connection, request and answer each take a turn at both ends: where turns are late, a look takes long by itself. The gateway shares
      // the machine, and what the machine lacks, with the agent.
      const turn = (left: number): void => {
        const lateMs = listeners.get(target)?.process.lateMs() ?? 0;
        if (left < turnsPerLook) openedMs ??= sinceBeginMs();
        if (left > 0) process.after((took ?? 0) / turnsPerLook + lateMs, 'look', () => turn(left - 1));
        else end(gateway() !== 'gone');
      };
      if (took !== undefined) turn(turnsPerLook);
      process.after(openMs, 'connection ends', () => {
        if (openedMs === undefined) end(false);
      });
      process.after(answerMs, 'look ends', () => end(false));
      return promise;
    };
    const sendDirect = (address: string, packet: Uint8Array): void => {
      const to = address.slice(0, address.indexOf(':'));
      const atMs = faults().datagrams === 0 ? undefined : network.datagram(name, to, sinceStartMs());
      if (atMs === undefined) return;
      world.after(atMs - sinceStartMs(), 'datagram', () => {
        const listener = listeners.get(to);
        listener?.process.hand('datagram', () => listener.hear(packet));
      });
    };
    return { verify: verifyWith, open, look, sendDirect };
  };

  /** The connection of one process for mesh packets; what it hears is opened by `hear`. */
  const connect = (process: Process, name: string, hears: (subject: string) => boolean) => {
    const handlers = new Set<(packet: Uint8Array) => void>();
    const peer = broker.join(process, name === hubName ? 'hub' : name, hears, {
      message: (_, text) => {
        const packet = parcels.open(text);
        if (packet !== undefined) for (const handle of handlers) handle(packet);
      },
      connected: () => undefined,
    });
    return {
      publish: (subject: string, packet: Uint8Array): void => peer.publish(subject, parcels.send(packet)),
      onPacket: (handler: (packet: Uint8Array) => void): (() => void) => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    };
  };

  return {
    network,
    gateways,
    liars,
    hub: (process) => {
      const { verify, look } = portsOf(process, hubName);
      const { publish, onPacket } = connect(process, hubName, hearsHub());
      return {
        rim: { verify, look },
        mesh: {
          publicKey: hubName,
          sign: signWith(hubName),
          publish,
          give: (cluster, packet) => publish(membersSubject(cluster), packet),
          credential: () => ({ jwt: 'sim', expiresAtMs: process.env.nowMs() + 3_600_000 }),
          onPacket,
        },
      };
    },
    membershipOf: (cluster) => watches.get(cluster)?.membership(),
    agent: (process, cluster) => {
      let hears = hearsAgent(cluster, undefined);
      const { publish, onPacket } = connect(process, cluster, (subject) => hears(subject));
      const bootId = process.env.uuid();
      boots.set(cluster, bootId);
      const ports: WatchPorts = {
        ...portsOf(process, cluster),
        name: cluster,
        bootId,
        env: process.env,
        sign: signWith(keyOfMember(cluster)),
        hubKey: () => hubName,
        publish,
        keeper: {
          fences: fences.get(cluster) ?? [],
          // A disk: what is kept outlives the process, and keeping takes a while.
          keep: (promised) =>
            new Promise((resolve) => {
              process.after(keepMs, 'fences are kept', () => {
                fences.set(cluster, promised);
                resolve();
              });
            }),
        },
        memory: {
          kept: memories.get(cluster),
          keep: (memory) => void process.after(keepMs, 'verdicts are kept', () => memories.set(cluster, memory)),
        },
      };
      const watch = startWatch(witness.started(ports));
      watches.set(cluster, watch);
      onPacket((packet) => watch.hear('broker', packet));
      listeners.set(cluster, { process, hear: (packet) => watch.hear('direct', packet) });
      watch.onMembership(({ membership, packet }) => {
        kept.set(cluster, packet);
        hears = hearsAgent(cluster, new Set(watchedBy(cluster, membership)));
      });
      watch.onVerdict((verdict) => witness.verdict(cluster, verdict));
      const known = kept.get(cluster);
      if (known !== undefined) watch.hear('broker', known);
      return {
        watch,
        port: 1,
        addresses: [`${cluster}:1`],
        overtaken: new Promise((resolve) => void watch.onOvertaken(resolve)),
        setApi: (api) => watch.setSelf({ api }),
        stop: async () => watch.stop(),
      };
    },
    slander: (process, liar, victim) => {
      const { publish } = connect(process, liar, () => false);
      const sign = signWith(keyOfMember(liar));
      let count = 0;
      const lie = (): void => {
        count += 1;
        const said = lieOf({ liar, bootId: boots.get(liar) ?? '', victim }, count, watches.get(liar)?.standing() ?? []);
        const packet = sealPacket(said, sign);
        if (packet !== undefined) publish(`hanse.mesh.${liar}.ballot`, packet);
        process.after(lieEveryMs, 'lie', lie);
      };
      liars.add(liar);
      process.after(lieEveryMs, 'lie', lie);
    },
  };
};

/** A subscription; there are few subjects, and each is matched once. */
const remembered = (matches: (subject: string) => boolean): ((subject: string) => boolean) => {
  const known = new Map<string, boolean>();
  return (subject) => {
    const isKnown = known.get(subject);
    if (isKnown !== undefined) return isKnown;
    const isFor = matches(subject);
    known.set(subject, isFor);
    return isFor;
  };
};

const hearsHub = () =>
  remembered(
    (subject) =>
      subject.startsWith('hanse.mesh.') &&
      (subject.endsWith('.beat') || subject.endsWith('.ballot') || subject.endsWith('.shadows') || subject.endsWith(`.to.${hubName}`)),
  );

/** `wanted` = whose beats it subscribes to; undefined = everybody's. */
const hearsAgent = (cluster: string, wanted: ReadonlySet<string> | undefined) =>
  remembered((subject) => {
    if (!subject.startsWith('hanse.mesh.')) return subject === membersSubject(cluster);
    if (subject.endsWith('.beat')) return wanted === undefined || wanted.has(subject.split('.')[2] ?? '');
    return subject.endsWith('.ballot') || subject.endsWith(`.to.${cluster}`);
  });
