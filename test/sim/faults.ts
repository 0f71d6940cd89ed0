/** @module The faults of one seed: each draws its own mix (swarm testing, Groce et al. 2012), so that rare combinations come up. */
import { type Prng, prng } from '../../shared/lib/prng.ts';
import { connectBackoff, joinBackoff } from '../../shared/wire/comeback.ts';

/** A delay in ms: uniform, and now and then `slowMs`. */
export type Delay = { readonly minMs: number; readonly maxMs: number; readonly slowPercent: number; readonly slowMs: number };

/** What goes wrong, and how often. Percentages are of single messages or calls; `everyMs` is the mean time between two; 0 = never. */
export type Faults = {
  readonly agents: number;
  /** Core messages and requests on the bus, one way. */
  readonly bus: Delay;
  readonly dropPercent: number;
  readonly duplicatePercent: number;
  /** Whole readings and replays may hold records that are older than what was delivered before. */
  readonly cutLinkEveryMs: number;
  readonly cutLinkMs: number;
  /** The longest wait of an agent between two tries to connect; 0 = it tries again at once. */
  readonly backoffMs: number;
  /** Once in the run hub and broker are away together for so long; 0 = never. */
  readonly outageMs: number;
  /** How long a peer takes to notice that its connection is gone, at most. */
  readonly noticeMs: number;
  /** A record of work is overwritten at the broker by somebody else. */
  readonly forgeEveryMs: number;
  readonly crashHubEveryMs: number;
  readonly crashAgentEveryMs: number;
  readonly crashBrokerEveryMs: number;
  readonly downMs: number;
  /** Journal commits: how long they take, and how many are answered `unknown` (half of those are written all the same). */
  readonly commit: Delay;
  readonly unknownPercent: number;
  /** Calls to a member's API. */
  readonly call: Delay;
  readonly refusePercent: number;
  readonly hangPercent: number;
  readonly conflictPercent: number;
  readonly apiDownEveryMs: number;
  readonly watchBreakEveryMs: number;
  /** A cluster dies whole: its API, its pods and its agent. */
  readonly silenceEveryMs: number;
  readonly silenceMs: number;
  /** A cluster dies whole, and the agents of the others are started anew one after the other while it is dead. */
  readonly rollingEveryMs: number;
  /** A foreign hand changes or deletes what we applied. */
  readonly driftEveryMs: number;
  /** Pods that never become ready. */
  readonly stuckPodPercent: number;
  /** Nodes come, go, are cordoned; foreign pods take room. */
  readonly nodeEveryMs: number;
  /** Users: mean time between two actions. */
  readonly userEveryMs: number;
  /** The same for those who drain clusters and take drains back. */
  readonly drainEveryMs: number;
  /** The same for those who change what replicas ask for. */
  readonly resizeEveryMs: number;
  /** Most that a clock differs from the true time. */
  readonly skewMsMax: number;
  /** Somebody sets a clock an hour forth or back; mean time between two. */
  readonly clockSetEveryMs: number;
  /** How long faults last, before everything is healed. */
  readonly faultyMs: number;
  /** Agents find out with each other who died; 0 = the hub judges by its own hearing alone. */
  readonly mesh: number;
  /** Ways between clusters: round trip, share of the time in bursts of losses (in 1/1000), and their mean length. */
  readonly rttMs: number;
  readonly burstPermille: number;
  readonly burstMs: number;
  /** Agents reach each other by datagrams too; 0 = over the broker alone. */
  readonly datagrams: number;
  /** A cluster is cut off from everybody, or one direction between two is cut. */
  readonly blackHoleEveryMs: number;
  readonly oneWayEveryMs: number;
  /** A process stops as by SIGSTOP, or gets the processor in slices only. */
  readonly pauseEveryMs: number;
  readonly pauseMs: number;
  readonly starveEveryMs: number;
  readonly sliceMs: number;
  /** What a gateway says: nothing any more, or yes to everything. */
  readonly gatewayEveryMs: number;
  /** An agent votes against one that is well. */
  readonly liars: number;
  /** Clients of an exported service; 0 = nothing is exported. */
  readonly clients: number;
  /** Its endpoints come and go in one cluster. */
  readonly endpointsEveryMs: number;
  /** How long resolvers keep its names. */
  readonly ttlSeconds: number;
  /** One cluster serves it as long as it can, the others in its place; 0 = all serve. */
  readonly isTiered: number;
};

/** Faults of a usual seed last between these; of a long one, for {@link longMs}. Rates are drawn for a long one and scaled. */
const shortMsMin = 35_000;
const shortMsMax = 75_000;
const longMs = 240_000;
/** With more agents than this a seed is short: what they say to each other grows with the square. */
const largeMin = 7;
const largeMs = 15_000;
/** How long a healed federation may take to settle. */
export const convergeMsMax = 900_000;

const delay = (random: Prng, maxMs: number, slowMs: number): Delay => ({
  minMs: 1,
  maxMs: 2 + random.below(maxMs),
  slowPercent: random.chance(50) ? random.below(10) : 0,
  slowMs,
});

/** Draws the mix of a seed. Each kind of fault is absent in about half of the seeds. */
export const drawFaults = (seed: number): Faults => {
  const random = prng(seed, 'faults');
  const hasMesh = random.chance(14);
  const shortMs = shortMsMin + random.below(shortMsMax - shortMsMin);
  // A mesh speaks ten times as often as all the rest.
  const agents = agentsOf(random);
  const meshMs = agents > largeMin ? largeMs : Math.floor(shortMs / 3) + 6_000;
  const faultyMs = random.chance(hasMesh ? 2 : 4) && agents <= largeMin ? longMs : hasMesh ? meshMs : shortMs;
  const often = (minMs: number, maxMs: number): number =>
    random.chance(50) ? Math.ceil(((minMs + random.below(maxMs - minMs)) * faultyMs) / longMs) : 0;
  const percent = (most: number): number => (random.chance(50) ? 1 + random.below(most) : 0);
  const drawn = {
    faultyMs,
    agents,
    bus: delay(random, 60, 3_000),
    dropPercent: percent(25),
    duplicatePercent: percent(20),
    cutLinkEveryMs: often(20_000, 200_000),
    cutLinkMs: 1_000 + random.below(faultyMs / 4),
    noticeMs: 100 + random.below(20_000),
    crashHubEveryMs: often(40_000, 300_000),
    crashAgentEveryMs: often(20_000, 300_000),
    crashBrokerEveryMs: often(60_000, 300_000),
    downMs: 500 + random.below(30_000),
    commit: delay(random, 20, 2_000),
    unknownPercent: percent(10),
    call: delay(random, 50, 5_000),
    refusePercent: percent(20),
    hangPercent: percent(5),
    conflictPercent: percent(20),
    apiDownEveryMs: often(60_000, 300_000),
    watchBreakEveryMs: often(20_000, 120_000),
    silenceEveryMs: often(60_000, 240_000),
    silenceMs: 5_000 + random.below(faultyMs / 2),
    driftEveryMs: often(10_000, 120_000),
    stuckPodPercent: percent(30),
    nodeEveryMs: often(20_000, 120_000),
    userEveryMs: Math.ceil(((8_000 + random.below(32_000)) * faultyMs) / longMs),
    skewMsMax: percent(5_000),
  };
  // A hub that starts anew cannot tell a forged record of its own from rubbish, and signs no withdrawal because of rubbish: what was to be
  // withdrawn stays then. So the two are not mixed.
  const mesh = { ...drawMesh(seed, faultyMs, hasMesh), ...drawClients(seed, faultyMs, hasMesh) };
  return {
    ...drawn,
    ...mesh,
    drainEveryMs: drawDrains(seed, faultyMs),
    clockSetEveryMs: drawClockSets(seed, faultyMs),
    rollingEveryMs: drawRolling(seed, faultyMs, hasMesh),
    ...drawOutage(seed),
    resizeEveryMs: drawResizes(seed, faultyMs),
    forgeEveryMs: drawn.crashHubEveryMs === 0 ? often(10_000, 120_000) : 0,
  };
};

/** Three to five as a rule, now and then up to ten, rarely up to thirty. */
const agentsOf = (random: Prng): number => {
  if (random.chance(94)) return 3 + random.below(3);
  return random.chance(85) ? 6 + random.below(5) : 11 + random.below(20);
};

/** What goes wrong between the clusters: drawn apart, so that it does not shift the rest. */
const drawMesh = (seed: number, faultyMs: number, isOn: boolean) => {
  const random = prng(seed, 'faults/mesh');
  const often = (minMs: number, maxMs: number): number =>
    isOn && random.chance(40) ? Math.ceil(((minMs + random.below(maxMs - minMs)) * faultyMs) / longMs) : 0;
  return {
    mesh: Number(isOn),
    rttMs: 2 + random.below(random.chance(70) ? 100 : 280),
    burstPermille: random.chance(50) ? 4 : 0,
    burstMs: 2_850,
    datagrams: Number(random.chance(80)),
    blackHoleEveryMs: often(60_000, 240_000),
    oneWayEveryMs: often(20_000, 120_000),
    pauseEveryMs: often(20_000, 120_000),
    pauseMs: 300 + random.below(random.chance(70) ? 3_000 : 20_000),
    starveEveryMs: often(60_000, 200_000),
    sliceMs: 60 + random.below(260),
    gatewayEveryMs: often(60_000, 240_000),
    liars: Number(isOn && random.chance(15)),
  };
};

/** Who uses a service that clusters export: there is one in most federations with a mesh. Drawn apart as well. */
const drawClients = (seed: number, faultyMs: number, hasMesh: boolean) => {
  const random = prng(seed, 'faults/clients');
  const isOn = hasMesh && random.chance(80);
  return {
    clients: isOn ? 1 + random.below(3) : 0,
    endpointsEveryMs: isOn && random.chance(60) ? Math.ceil(((10_000 + random.below(80_000)) * faultyMs) / longMs) : 0,
    ttlSeconds: isOn ? random.pick([5, 5, 10]) : 0,
    isTiered: Number(isOn && random.chance(30)),
  };
};

/** Clusters are drained in one seed of four. Drawn apart, so that the others stay what they are. */
const drawDrains = (seed: number, faultyMs: number): number => {
  const random = prng(seed, 'faults/drains');
  return random.chance(25) ? Math.ceil(((15_000 + random.below(60_000)) * faultyMs) / longMs) : 0;
};

/** Clocks are set by an hour in one seed of three. Drawn apart as well. */
const drawClockSets = (seed: number, faultyMs: number): number => {
  const random = prng(seed, 'faults/clock sets');
  return random.chance(33) ? Math.ceil(((15_000 + random.below(90_000)) * faultyMs) / longMs) : 0;
};

/** Survivors are started anew in two of five seeds with a mesh, once or twice as a rule. Drawn apart, too. */
const drawRolling = (seed: number, faultyMs: number, hasMesh: boolean): number => {
  const random = prng(seed, 'faults/rolling');
  return hasMesh && random.chance(40) ? Math.ceil(faultyMs / (3 + random.below(4))) : 0;
};

/** Agents wait longer and longer between tries in two seeds of five, and hub and broker are away for long in most of those. Drawn apart as well. */
const drawOutage = (seed: number) => {
  const random = prng(seed, 'faults/outage');
  const isOn = random.chance(40);
  return {
    backoffMs: isOn ? 5_000 + random.below(joinBackoff.maxMs + connectBackoff.maxMs - 5_000) : 0,
    outageMs: isOn && random.chance(70) ? 20_000 + random.below(100_000) : 0,
  };
};

/** Replicas are made larger and smaller in one seed of four. Drawn apart, too. */
const drawResizes = (seed: number, faultyMs: number): number => {
  const random = prng(seed, 'faults/resizes');
  return random.chance(25) ? Math.ceil(((15_000 + random.below(60_000)) * faultyMs) / longMs) : 0;
};

/** One draw of a delay, in ms. */
export const drawDelay = (delay: Delay, random: Prng): number => {
  const usual = delay.minMs + random.below(delay.maxMs - delay.minMs + 1);
  return random.chance(delay.slowPercent) ? usual + random.below(delay.slowMs) : usual;
};

/** The mix with every fault off, for the healing at the end. */
export const healed = (faults: Faults): Faults => ({
  ...faults,
  bus: { ...faults.bus, slowPercent: 0 },
  dropPercent: 0,
  duplicatePercent: 0,
  cutLinkEveryMs: 0,
  backoffMs: 0,
  outageMs: 0,
  forgeEveryMs: 0,
  crashHubEveryMs: 0,
  crashAgentEveryMs: 0,
  crashBrokerEveryMs: 0,
  commit: { ...faults.commit, slowPercent: 0 },
  unknownPercent: 0,
  call: { ...faults.call, slowPercent: 0 },
  refusePercent: 0,
  hangPercent: 0,
  conflictPercent: 0,
  apiDownEveryMs: 0,
  watchBreakEveryMs: 0,
  silenceEveryMs: 0,
  rollingEveryMs: 0,
  driftEveryMs: 0,
  stuckPodPercent: 0,
  nodeEveryMs: 0,
  userEveryMs: 0,
  drainEveryMs: 0,
  clockSetEveryMs: 0,
  resizeEveryMs: 0,
  burstPermille: 0,
  blackHoleEveryMs: 0,
  oneWayEveryMs: 0,
  pauseEveryMs: 0,
  starveEveryMs: 0,
  gatewayEveryMs: 0,
  liars: 0,
  endpointsEveryMs: 0,
});

/** Calls at a member are tried again so often as it takes; a hung one ends by its deadline. */
const retriesMs = 10_000;
const hangsMs = 32_000;

/** How long after a verdict an agent may take to withdraw slices, and an answer to a name may be used, under these faults. */
export const withdrawMsMax = ({ call, refusePercent, conflictPercent, hangPercent, ttlSeconds }: Faults) => ({
  slices:
    1_000 +
    2 * call.maxMs +
    (call.slowPercent === 0 ? 0 : 2 * call.slowMs) +
    (refusePercent + conflictPercent === 0 ? 0 : retriesMs) +
    (hangPercent === 0 ? 0 : hangsMs),
  name: 500 + ttlSeconds * 1_000,
});

/** The mix in one line, for the head of a failing run: only what is on. */
export const faultsText = (faults: Faults): string =>
  Object.entries(faults)
    .filter(([, value]) => value !== 0)
    .map(
      ([name, value]) =>
        `${name}=${typeof value === 'object' ? `${value.minMs}-${value.maxMs}ms,${value.slowPercent}%+${value.slowMs}ms` : value}`,
    )
    .join(' ');
