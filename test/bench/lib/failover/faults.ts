/** @module The faults: what is done to the laboratory, what undoes it, and what should come of it. */
import type { Lab } from './lab.ts';
import { brokerPlace } from './plant.ts';
import type { SiteProcess } from './site-process.ts';

/** One fault. `victim` is a site; faults of broker and hub leave it alone. */
export type Fault = {
  readonly name: string;
  /** True: requests must leave the victim. False: nothing may move, whoever is blamed. */
  readonly moves: boolean;
  readonly rttMs: number;
  /** Broker and hub are dead all the time. */
  readonly isAlone?: boolean;
  /** The victim's own clients are cut off with it and are not counted. */
  readonly isCutOff?: boolean;
  /** A site other than the victim that may stop using it by its own sight, and nobody else. */
  readonly mayLeave?: (lab: Lab, victim: SiteProcess) => string;
  readonly strike: (lab: Lab, victim: SiteProcess) => Promise<void>;
  readonly heal: (lab: Lab, victim: SiteProcess) => Promise<void>;
  /** Limits of the p99, ms after the fault. */
  readonly goalsMs?: { readonly verdict?: number; readonly lastWrite: number };
};

const nearMs = 80;
const farMs = 280;
const nearGoalsMs = { verdict: 1_200, lastWrite: 1_500 };

const cutOff = async (lab: Lab, { name }: SiteProcess, blocked: boolean): Promise<void> => {
  await Promise.all([lab.link(name, '*', { blocked }), lab.link('*', name, { blocked })]);
};
const blackHole = (how: Pick<Fault, 'name' | 'rttMs' | 'isAlone' | 'goalsMs'>): Fault => ({
  ...how,
  moves: true,
  isCutOff: true,
  strike: (lab, victim) => cutOff(lab, victim, true),
  heal: (lab, victim) => cutOff(lab, victim, false),
});

type Target = { readonly strike: (lab: Lab, victim: SiteProcess, blow: 'kill' | 'start' | 'pause' | 'resume') => Promise<void> };

/** Killed and started again; stopped (SIGSTOP) and let go on. */
const deaths = (what: string, { strike }: Target): readonly Fault[] => [
  {
    name: `${what} killed`,
    moves: false,
    rttMs: nearMs,
    strike: (lab, victim) => strike(lab, victim, 'kill'),
    heal: (lab, victim) => strike(lab, victim, 'start'),
  },
  {
    name: `${what} stopped (SIGSTOP)`,
    moves: false,
    rttMs: nearMs,
    strike: (lab, victim) => strike(lab, victim, 'pause'),
    heal: (lab, victim) => strike(lab, victim, 'resume'),
  },
];

const neighbourOf = (lab: Lab, victim: SiteProcess): string => {
  const at = lab.sites.findIndex(({ name }) => name === victim.name);
  return lab.sites[(at + 1) % lab.sites.length]?.name ?? '';
};

/** The clusters that vanish: what must move. */
export const vanishing: readonly Fault[] = [
  blackHole({ name: 'cluster black-holed, RTT 80 ms', rttMs: nearMs, goalsMs: nearGoalsMs }),
  blackHole({ name: 'cluster black-holed, RTT 280 ms', rttMs: farMs, goalsMs: { lastWrite: 2_000 } }),
  blackHole({ name: 'cluster black-holed at 80 ms, hub and broker dead', rttMs: nearMs, isAlone: true, goalsMs: nearGoalsMs }),
];

/** What must not move anything, or (the last) only what is lost. */
export const partial: readonly Fault[] = [
  ...deaths('agent', { strike: (_lab, victim, blow) => victim.agent(blow) }),
  ...deaths('API server', { strike: (_lab, victim, blow) => victim.api(blow) }),
  {
    name: 'link to the broker cut',
    moves: false,
    rttMs: nearMs,
    strike: async (lab, { name }) => {
      await Promise.all([lab.link(name, brokerPlace, { blocked: true }), lab.link(brokerPlace, name, { blocked: true })]);
    },
    heal: async (lab, { name }) => {
      await Promise.all([lab.link(name, brokerPlace, {}), lab.link(brokerPlace, name, {})]);
    },
  },
  ...deaths('broker', { strike: ({ plant }, _victim, blow) => plant.broker.strike(blow) }),
  ...deaths('hub', { strike: ({ plant }, _victim, blow) => plant.hub.strike(blow) }),
  {
    name: 'half-open link between two clusters',
    moves: false,
    rttMs: nearMs,
    mayLeave: neighbourOf,
    strike: (lab, victim) => lab.link(victim.name, neighbourOf(lab, victim), { blocked: true }),
    heal: (lab, victim) => lab.link(victim.name, neighbourOf(lab, victim), {}),
  },
  {
    name: 'all paths of a cluster lose 20 %',
    moves: false,
    rttMs: nearMs,
    strike: async (lab, { name }) => {
      await Promise.all([lab.link(name, '*', { lossPercent: 20 }), lab.link('*', name, { lossPercent: 20 })]);
    },
    heal: async (lab, { name }) => {
      await Promise.all([lab.link(name, '*', {}), lab.link('*', name, {})]);
    },
  },
  {
    name: 'a cluster hears all and is not heard (one-way black hole)',
    moves: true,
    rttMs: nearMs,
    isCutOff: true,
    strike: (lab, { name }) => lab.link(name, '*', { blocked: true }),
    heal: (lab, { name }) => lab.link(name, '*', {}),
  },
];

/** Losses as measured between continents (Hayashibara et al. 2004): 0.4 % of the time in runs of 2.85 s in the mean, on every path. */
export const bursts = { burstLossPercent: 0.4, burstMeanMs: 2_850 } as const;
