/** @module Which clusters get no requests: from anybody by verdict or the hub's word, and from the own cluster by its own sight. */
import { movesTraffic, type Watch } from '../../shared/health/index.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import type { RampHealth } from '../../shared/traffic/index.ts';
import { createGivenUp, type GivenUpWatch } from './given-up.ts';

/** What traffic needs of the detector. */
export type TrafficWatch = Pick<Watch, 'onVerdict' | 'standing' | 'hasHeard' | 'reachOf' | 'votesOn'> & GivenUpWatch;

/** Where things stand. */
export type Away = {
  /**
   * By verdict, the earliest decision first, then those that the hub alone has given up. The own cluster is never among them: an isolated one
   * keeps serving what it serves.
   */
  readonly dead: readonly string[];
  /** Not reached from here, whatever the others say. */
  readonly unreachable: readonly string[];
};

/** A cluster that could not be reached is used again when it has been reached for so long. */
const reachedMs = 5_000;
/** Who has just begun gives the others so long to be heard, and their addresses to answer. */
const unheardMs = 5_000;

/** Follows the detector. */
export const createAway = (watch: TrafficWatch, cluster: string) => {
  const givenUp = createGivenUp(watch, cluster);
  const lostUntilMs = new Map<string, number>();
  let troubled: ReadonlySet<string> = new Set();
  let beganMs: number | undefined;
  /** True when the own looks say that requests would not arrive. Of one that was not heard yet they may tell of the own way out alone. */
  const isLost = (name: string): boolean => watch.hasHeard(name) && watch.reachOf(name) === 'Lost';
  /** True when an observer that this one hears and reaches says that requests would not arrive there. */
  const isAccused = (name: string): boolean =>
    watch
      .votesOn(name)
      .some(({ voter, vote }) => voter !== cluster && movesTraffic(vote.opinion) && watch.hasHeard(voter) && !isLost(voter));
  /**
   * What was not used, by an agent before this one as well, is not used until it is seen to be reached; where it is heard and no gateway of it
   * ever answered, until nobody holds it for dead. What was not heard since this agent began may have died meanwhile, and not be given up
   * because something holds the verdict back: another observer tells. Who hears nobody hears no votes either: alone it withdraws nothing.
   */
  const isUnreached = (name: string, nowMs: number): boolean => {
    if (isLost(name)) return true;
    const reach = watch.reachOf(name);
    if (reach === 'Reached') return false;
    const wasLost = lostUntilMs.has(name);
    if (!watch.hasHeard(name)) return wasLost || (nowMs - (beganMs ?? nowMs) >= unheardMs && isAccused(name));
    return wasLost && (reach === 'Undecided' || isAccused(name));
  };
  /** Who is no member any more, and serves nothing, is nobody to reach. */
  const forgetStrangers = (sources: ReadonlySet<string>): void => {
    const members = watch.membership()?.members;
    if (members === undefined) return;
    const known = new Set(members.map(({ name }) => name));
    for (const name of lostUntilMs.keys()) if (!sources.has(name) && !known.has(name)) lostUntilMs.delete(name);
  };
  return {
    /** What an agent before this one did not reach, until it is seen to be reached. */
    restore: (unreachable: readonly string[], nowMs: number): void => {
      for (const name of unreachable) lostUntilMs.set(name, nowMs + reachedMs);
    },
    /** Looks at these clusters. */
    look: (clusters: Iterable<string>, nowMs: number): Away => {
      beganMs ??= nowMs;
      const verdicts = watch.standing();
      troubled = new Set(verdicts.flatMap(({ target, cause }) => (movesTraffic(cause) || cause === 'Gray' ? [target] : [])));
      const dead = verdicts
        .filter(({ target, cause }) => target !== cluster && movesTraffic(cause))
        .sort((a, b) => a.epoch - b.epoch || compareText(a.target, b.target))
        .map(({ target }) => target);
      // While it doubts itself what was not reached before stays so: nothing is taken over, nothing is given back.
      const sources = new Set(clusters);
      forgetStrangers(sources);
      for (const name of sources) {
        if (name === cluster) continue;
        if (!watch.abstains() && isUnreached(name, nowMs)) lostUntilMs.set(name, nowMs + reachedMs);
        else if (!watch.abstains() && (lostUntilMs.get(name) ?? 0) <= nowMs) lostUntilMs.delete(name);
      }
      const alsoDead = givenUp.look().filter((name) => !dead.includes(name));
      return { dead: [...dead, ...alsoDead], unreachable: [...lostUntilMs.keys()].sort(compareText) };
    },
    /**
     * Well as far as can be told: heard since this agent began, reached from here, and the observers agree on nothing against it that concerns
     * requests. A vote that is no verdict is one voter's word, who may lie or be dead. Who doubts itself can tell nothing, for it hears
     * the dead as little as the living.
     */
    healthOf: (name: string): RampHealth => {
      if (watch.abstains()) return 'Unknown';
      return watch.hasHeard(name) && !troubled.has(name) && !isLost(name) ? 'Well' : 'Ill';
    },
  };
};
