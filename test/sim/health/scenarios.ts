/** @module The faults that detection is measured with: what is done to the fleet, and what may and must be said of it. */
import type { Cause } from '../../../shared/health/index.ts';
import { brokerName, hubName, type MeshBallot } from '../../../shared/wire/mesh.ts';
import type { Fleet, FleetOptions } from './fleet.ts';

/** One fault. */
export type Scenario = {
  readonly name: string;
  /** Differences from the fleet that is usual. */
  readonly fleet?: Partial<FleetOptions>;
  /** Does it; `pick` differs from seed to seed. */
  readonly start: (fleet: Fleet, victim: string) => void;
  /** The subject of the verdict, and the cause it must have; undefined = none may be given. */
  readonly wanted: { readonly target: (victim: string) => string; readonly cause: Cause } | undefined;
  /** How long is waited for it. */
  readonly forMs: number;
};

const cutOff = ({ network }: Fleet, victim: string): void => {
  network.setCut(victim, '*', true);
  network.setCut('*', victim, true);
};
/** Agent and gateway are gone; an API server that somebody else runs answers on. */
const crash = (fleet: Fleet, victim: string): void => {
  fleet.stopAgent(victim);
  fleet.node(victim).gateway = 'gone';
};
const itself = (victim: string): string => victim;
const other = (fleet: Fleet, victim: string): string => [...fleet.nodes.keys()].find((name) => name !== victim && name !== hubName) ?? '';

/** Votes `Cluster` against somebody who is well, and says that it heard somebody who is dead. */
const slander = (fleet: Fleet, liar: string, victim: string): void => {
  const evidence = { direct: 'lost', broker: 'lost', helpers: 'lost', gateway: 'lost', apiServer: 'none' } as const;
  fleet.node(liar).lie = (effect) => {
    if (effect.type !== 'send' || effect.message.kind !== 'ballot') return [effect];
    const message: MeshBallot = { ...effect.message, votes: [{ target: victim, opinion: 'Cluster', silentMs: 9_000, evidence }] };
    return [{ ...effect, message }];
  };
};

/** Every scenario by name. */
export const scenarios: readonly Scenario[] = [
  { name: 'cluster black-holed', start: cutOff, wanted: { target: itself, cause: 'Cluster' }, forMs: 6_000 },
  {
    name: 'cluster crashes',
    start: crash,
    wanted: { target: itself, cause: 'Cluster' },
    forMs: 6_000,
  },
  {
    name: 'cluster black-holed, hub and broker dead',
    start: (fleet, victim) => {
      fleet.setBroker(false);
      fleet.stopAgent(hubName);
      fleet.run(fleet.nowMs() + 6_000);
      cutOff(fleet, victim);
    },
    wanted: { target: itself, cause: 'Cluster' },
    forMs: 12_000,
  },
  {
    name: 'cluster black-holed, datagrams not possible',
    fleet: { hasDirect: false },
    start: cutOff,
    wanted: { target: itself, cause: 'Cluster' },
    forMs: 6_000,
  },
  {
    name: 'cluster black-holed, two clusters and the hub',
    fleet: { clusters: 2, policy: { clustersPercentMax: 50 } },
    start: cutOff,
    wanted: { target: itself, cause: 'Cluster' },
    forMs: 6_000,
  },
  {
    name: 'cluster black-holed, two clusters alone',
    fleet: { clusters: 2, hasHub: false },
    start: cutOff,
    wanted: undefined,
    forMs: 30_000,
  },
  {
    name: 'data plane dies',
    start: (fleet, victim) => {
      fleet.node(victim).gateway = 'gone';
    },
    wanted: { target: itself, cause: 'DataPlane' },
    forMs: 10_000,
  },
  { name: 'agent dies', start: (fleet, victim) => fleet.stopAgent(victim), wanted: { target: itself, cause: 'Agent' }, forMs: 10_000 },
  {
    name: 'agent stopped for 20 s',
    start: (fleet, victim) => fleet.pause(victim, 20_000),
    wanted: { target: itself, cause: 'Agent' },
    forMs: 40_000,
  },
  {
    name: 'every agent pauses 2 s (GC)',
    start: (fleet) => {
      for (const name of fleet.nodes.keys()) fleet.pause(name, 2_000);
    },
    wanted: undefined,
    forMs: 20_000,
  },
  {
    name: 'agents pause in turn',
    start: (fleet) => {
      for (const [at, name] of [...fleet.nodes.keys()].entries()) {
        fleet.pause(name, 700 + 300 * at);
        fleet.run(fleet.nowMs() + 900);
      }
    },
    wanted: undefined,
    forMs: 20_000,
  },
  {
    name: 'link agent-broker dies',
    start: ({ network }, victim) => {
      network.setCut(victim, 'broker', true);
      network.setCut('broker', victim, true);
    },
    wanted: { target: itself, cause: 'Link' },
    forMs: 15_000,
  },
  {
    name: 'broker dies',
    start: (fleet) => fleet.setBroker(false),
    wanted: { target: () => brokerName, cause: 'Broker' },
    forMs: 15_000,
  },
  {
    name: 'broker dies, datagrams not possible',
    fleet: { hasDirect: false },
    start: (fleet) => fleet.setBroker(false),
    wanted: undefined,
    forMs: 30_000,
  },
  { name: 'hub dies', start: (fleet) => fleet.stopAgent(hubName), wanted: { target: () => hubName, cause: 'Hub' }, forMs: 15_000 },
  {
    name: 'API server dies',
    start: (fleet, victim) => fleet.inject(victim, { type: 'self', api: false }),
    wanted: { target: itself, cause: 'APIServer' },
    forMs: 10_000,
  },
  {
    name: 'path cut one way between two clusters',
    start: (fleet, victim) => fleet.network.setCut(other(fleet, victim), victim, true),
    wanted: undefined,
    forMs: 20_000,
  },
  {
    name: 'nothing comes in any more, beats still go out',
    start: (fleet, victim) => {
      for (const name of fleet.nodes.keys()) fleet.network.setCut(name, victim, true);
      fleet.network.setCut('broker', victim, true);
    },
    wanted: { target: itself, cause: 'DataPlane' },
    forMs: 20_000,
  },
  {
    name: '20 % of the packets of a cluster lost',
    start: (fleet, victim) => fleet.network.setLoss(victim, 20),
    wanted: { target: itself, cause: 'Gray' },
    forMs: 180_000,
  },
  {
    name: 'an agent lies: votes against one that is well',
    start: (fleet, victim) => slander(fleet, other(fleet, victim), victim),
    wanted: undefined,
    forMs: 20_000,
  },
  {
    name: 'a liar votes for another while a cluster is black-holed',
    start: (fleet, victim) => {
      const liar = other(fleet, victim);
      slander(fleet, liar, [...fleet.nodes.keys()].find((name) => name !== victim && name !== liar && name !== hubName) ?? '');
      cutOff(fleet, victim);
    },
    wanted: { target: itself, cause: 'Cluster' },
    forMs: 10_000,
  },
  {
    name: 'gateway answers everything, then its cluster is black-holed',
    start: (fleet, victim) => {
      fleet.node(victim).gateway = 'wild';
      fleet.run(fleet.nowMs() + 6_000);
      cutOff(fleet, victim);
    },
    wanted: { target: itself, cause: 'Cluster' },
    forMs: 16_000,
  },
  {
    name: 'agent dies, its gateway answers everything',
    start: (fleet, victim) => {
      fleet.node(victim).gateway = 'wild';
      fleet.stopAgent(victim);
    },
    wanted: { target: itself, cause: 'Agent' },
    forMs: 10_000,
  },
  {
    name: 'all nodes die, the API server is somewhere else and answers',
    fleet: { hasApiAddresses: true },
    start: crash,
    wanted: { target: itself, cause: 'DataPlane' },
    forMs: 10_000,
  },
  {
    name: 'agent dies, the API server answers too',
    fleet: { hasApiAddresses: true },
    start: (fleet, victim) => fleet.stopAgent(victim),
    wanted: { target: itself, cause: 'Agent' },
    forMs: 10_000,
  },
  {
    name: 'agent dies, no gateway to look at',
    fleet: { hasGateways: false },
    start: (fleet, victim) => fleet.stopAgent(victim),
    wanted: { target: itself, cause: 'Silent' },
    forMs: 10_000,
  },
];
