/** @module What one run comes to, from what the sites saw. Pure. */
import { movesTraffic } from '../../../../shared/health/index.ts';
import { type Told, type VerdictRecord, web } from './words.ts';

/** What is measured against. */
export type Struck = {
  readonly atMs: number;
  /** The run was looked at until then. */
  readonly untilMs: number;
  /** The site that was struck. */
  readonly victim: string;
  /** The victim's own sight and clients do not count. */
  readonly isCutOff: boolean;
};

/** What one run came to. Times are ms after the strike; of a kind of moment the last site's counts, and undefined = not at all. */
export type Measured = {
  /** Causes that were told of the first thing blamed, most told first. */
  readonly causes: readonly string[];
  readonly verdictMs: number | undefined;
  /** Sites at which the victim was found dead, and those that no longer send requests to it. */
  readonly dead: readonly string[];
  readonly left: readonly string[];
  /** Deaths that were told of a site which was not struck. */
  readonly falseDeaths: number;
  readonly lastWriteMs: number | undefined;
  /** The last time that a client was led to the victim, by a name or by a slice. */
  readonly lastBadMs: number | undefined;
  readonly requests: number;
  readonly lost: number;
  readonly wrong: number;
  readonly replicasBackMs: number | undefined;
  /** Times that an agent found itself late and abstained. */
  readonly stalls: number;
};

const lastOf = (times: readonly (number | undefined)[], atMs: number): number | undefined =>
  times.length === 0 || times.includes(undefined) ? undefined : Math.max(...times.map((ms) => ms ?? 0)) - atMs;

/** When the sites other than the victim together have all replicas ready again. */
const replicasBack = (sites: readonly Told[], before: readonly number[], struck: Struck): number | undefined => {
  const ready = [...before];
  const events = sites.flatMap(({ ready: changes }, at) => changes.map((change) => ({ ...change, at }))).sort((a, b) => a.atMs - b.atMs);
  for (const event of events) {
    ready[event.at] = event.ready;
    if (ready.reduce((sum, count) => sum + count, 0) >= web.replicas) return event.atMs - struck.atMs;
  }
  return undefined;
};

const countedCauses = (verdicts: readonly VerdictRecord[]): string[] => {
  const counts = new Map<string, number>();
  for (const { cause } of verdicts) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([cause]) => cause);
};

/** Reckons. `readyBefore`: ready replicas of each site when it was struck. */
export const measure = (told: ReadonlyMap<string, Told>, readyBefore: ReadonlyMap<string, number>, struck: Struck): Measured => {
  const { atMs, untilMs, victim, isCutOff } = struck;
  const others = [...told].filter(([name]) => name !== victim);
  const firsts = others.map(([, { verdicts }]) => verdicts.find(({ phase, target }) => phase === 'Standing' && target === victim));
  const blamed = others.flatMap(([, { verdicts }]) => verdicts.find(({ phase }) => phase === 'Standing') ?? []);
  const isDeath = ({ phase, cause }: VerdictRecord): boolean => phase === 'Standing' && movesTraffic(cause);
  const dead = others.filter(([, { verdicts }]) => verdicts.some((verdict) => verdict.target === victim && isDeath(verdict)));
  const writes = others.map(([, { slices }]) => slices.find(({ sources }) => !sources.includes(victim))?.atMs);
  const left = others.filter((_, at) => writes[at] !== undefined);
  const clients = (isCutOff ? others : [...told]).flatMap(([, { requests }]) => requests).filter(({ sentMs }) => sentMs < untilMs);
  const bad = clients.filter(({ to, sentMs }) => to === victim && sentMs >= atMs);
  const isVictimBlamed = firsts.some((verdict) => verdict !== undefined);
  return {
    causes: countedCauses(blamed),
    verdictMs: lastOf(isVictimBlamed ? firsts.map((verdict) => verdict?.atMs) : blamed.map((verdict) => verdict.atMs), atMs),
    dead: dead.map(([name]) => name),
    left: left.map(([name]) => name),
    falseDeaths: [...told].flatMap(([name, { verdicts }]) =>
      verdicts.filter((verdict) => isDeath(verdict) && verdict.target !== victim && !(isCutOff && name === victim)),
    ).length,
    lastWriteMs: lastOf(writes, atMs),
    lastBadMs: bad.length === 0 ? undefined : Math.max(...bad.map(({ sentMs }) => sentMs)) - atMs,
    requests: clients.length,
    lost: clients.filter(({ outcome }) => outcome === 'lost').length,
    wrong: clients.filter(({ outcome }) => outcome === 'wrong').length,
    replicasBackMs: replicasBack(
      others.map(([, site]) => site),
      others.map(([name]) => readyBefore.get(name) ?? 0),
      struck,
    ),
    stalls: others.flatMap(([, { abstentions }]) => abstentions).filter(({ why }) => why === 'Stalled').length,
  };
};
