/**
 * @module How traffic comes back to a cluster that was lost: a hold-down, then steps, each only while the cluster is well and its share
 * fits. One state and one event in, the next state out; time is handed in.
 */

/** How a service fails back. */
export type RampRule = {
  /** `Manual`: after the hold-down an operator says when. */
  readonly mode: 'Automatic' | 'Manual';
  /** The cluster must be well for so long before anything returns. */
  readonly holdDownMs: number;
  /** Percent of its full share, rising, the last 100. */
  readonly stepsPercent: readonly number[];
  /** How long each step must go well. */
  readonly stepMs: number;
  /** So many steps back in one return, and it waits: for an operator, or where it is `Automatic` until it has been well for {@link rampCalmMs}. */
  readonly setbacksMax: number;
};

/** 10/25/50/100 %, half a minute each, after a minute of calm. */
export const rampRuleDefault: RampRule = {
  mode: 'Automatic',
  holdDownMs: 60_000,
  stepsPercent: [10, 25, 50, 100],
  stepMs: 30_000,
  setbacksMax: 3,
};

/** Where a return stands. `step` counts steps taken; `sinceMs` is since when this phase or step has gone well. */
export type RampState = {
  readonly phase: 'Away' | 'HoldDown' | 'Waiting' | 'Ramping' | 'Home';
  readonly sinceMs: number;
  readonly step: number;
  readonly setbacks: number;
  /** When the last of them was taken; absent = none. */
  readonly setbackMs?: number;
  /** The operator's word that is there was for an earlier return, or for what came before the wait: it says nothing until it was taken back. */
  readonly isSpent: boolean;
  /** Since when nothing is known of its health; absent = something is. */
  readonly blindMs?: number;
};

/**
 * How a cluster that is not dead does. `Well`: its gateways answer and its errors are within limits. `Ill`: they do not, or are not. `Unknown`:
 * who looks doubts itself, and what it sees says nothing of the cluster.
 */
export type RampHealth = 'Well' | 'Ill' | 'Unknown';

/** What is known at a moment. */
export type RampSight = {
  readonly nowMs: number;
  /** No verdict stands against the cluster. */
  readonly isAlive: boolean;
  readonly health: RampHealth;
  /** The share of the next step fits what its endpoints can serve. */
  readonly fits: (percent: number) => boolean;
  /** An operator's word to go is there. */
  readonly isReleased: boolean;
};

/** A cluster that has its whole share. */
export const rampHome = (nowMs: number): RampState => ({ phase: 'Home', sinceMs: nowMs, step: 0, setbacks: 0, isSpent: false });

/** Percent of its full share that the cluster gets. */
export const rampPercent = (rule: RampRule, state: RampState): number => {
  if (state.phase === 'Home') return 100;
  return state.phase === 'Ramping' ? (rule.stepsPercent[state.step - 1] ?? 0) : 0;
};

/** What is wrong with a rule, each fault with its field. */
export const rampFaults = (rule: RampRule): string[] => {
  const faults: string[] = [];
  const { stepsPercent } = rule;
  if (stepsPercent.at(-1) !== 100) faults.push('stepsPercent: the last step must be 100');
  stepsPercent.forEach((percent, at) => {
    if (!Number.isInteger(percent) || percent <= (stepsPercent[at - 1] ?? 0) || percent > 100)
      faults.push(`stepsPercent[${at}]: ${percent} is no whole percentage above the one before`);
  });
  if (!(rule.holdDownMs >= 0)) faults.push('holdDownMs: must be 0 or more');
  if (!(rule.stepMs > 0)) faults.push('stepMs: must be above 0');
  if (!(rule.setbacksMax >= 1)) faults.push('setbacksMax: must be 1 or more');
  return faults;
};

/** Waits double with each setback up to this many times the rule's (as BGP's route flap damping, RFC 2439, bounds its penalty). */
const patienceMax = 32;
const patience = ({ setbacks }: RampState): number => Math.min(2 ** setbacks, patienceMax);

/** After too many setbacks a cluster must be well for so long before it returns by itself: as long as waits get at most. */
export const rampCalmMs = ({ holdDownMs, stepMs }: Pick<RampRule, 'holdDownMs' | 'stepMs'>): number =>
  Math.max(holdDownMs, stepMs) * patienceMax;

/** What a cluster waits for: an operator's word, or the end of the wait after too many setbacks; undefined = for neither. */
export const rampWait = (rule: Pick<RampRule, 'setbacksMax'>, { phase, setbacks }: RampState): 'Release' | 'Setbacks' | undefined => {
  if (phase !== 'Waiting') return undefined;
  return setbacks >= rule.setbacksMax ? 'Setbacks' : 'Release';
};

/** One trouble is one setback, however often it is looked at; one that lasts as long as a step is one more. */
const setBack = (rule: RampRule, state: RampState, sight: RampSight): RampState => {
  const { nowMs } = sight;
  if (state.setbackMs !== undefined && nowMs - state.setbackMs < rule.stepMs) return { ...state, sinceMs: nowMs };
  const next = { ...state, sinceMs: nowMs, setbacks: state.setbacks + 1, setbackMs: nowMs };
  if (next.setbacks >= rule.setbacksMax) return { ...next, phase: 'Waiting', step: 0, isSpent: sight.isReleased };
  return state.step > 1 ? { ...next, step: state.step - 1 } : { ...next, phase: 'HoldDown', step: 0 };
};

const ramping = (rule: RampRule, state: RampState, sight: RampSight): RampState => {
  const { nowMs } = sight;
  const percent = rampPercent(rule, state);
  if (sight.health === 'Ill' || !sight.fits(percent)) return setBack(rule, state, sight);
  if (nowMs - state.sinceMs < rule.stepMs * patience(state)) return state;
  if (percent === 100) return rampHome(nowMs);
  const next = rule.stepsPercent[state.step] ?? 100;
  return sight.fits(next) ? { ...state, step: state.step + 1, sinceMs: nowMs } : state;
};

/** The first step, when it fits. */
const begin = (rule: RampRule, state: RampState, sight: RampSight, setbacks: number): RampState =>
  sight.health === 'Well' && sight.fits(rule.stepsPercent[0] ?? 100)
    ? { ...state, phase: 'Ramping', step: 1, sinceMs: sight.nowMs, setbacks }
    : state;

/** The hold-down, or what counts of a wait, begins anew; what was put off by a restart stays so. */
const anew = (state: RampState, { nowMs }: RampSight): RampState => (state.sinceMs >= nowMs ? state : { ...state, sinceMs: nowMs });

const heldDown = (rule: RampRule, state: RampState, sight: RampSight): RampState => {
  if (sight.health === 'Ill') return anew(state, sight);
  if (sight.nowMs - state.sinceMs < rule.holdDownMs * patience(state)) return state;
  if (rule.mode === 'Manual' && !isReleased(state, sight)) return { ...state, phase: 'Waiting', sinceMs: sight.nowMs };
  return begin(rule, state, sight, state.setbacks);
};

const waiting = (rule: RampRule, state: RampState, sight: RampSight): RampState => {
  if (sight.health === 'Ill') return anew(state, sight);
  if (sight.nowMs < state.sinceMs) return state;
  const calmMs = rampWait(rule, state) === 'Setbacks' ? rampCalmMs(rule) : 0;
  const isCalm = rule.mode === 'Automatic' && sight.nowMs - state.sinceMs >= calmMs;
  return isCalm || isReleased(state, sight) ? begin(rule, state, sight, 0) : state;
};

const isReleased = ({ isSpent }: RampState, sight: RampSight): boolean => sight.isReleased && !isSpent;

/** The time in which nothing was known counts for nothing: neither as time that went well, nor as a trouble that lasted. */
const sighted = (state: RampState, nowMs: number): RampState => {
  const { blindMs, ...rest } = state;
  if (blindMs === undefined) return state;
  const forMs = nowMs - blindMs;
  return { ...rest, sinceMs: rest.sinceMs + forMs, ...(rest.setbackMs === undefined ? {} : { setbackMs: rest.setbackMs + forMs }) };
};

/**
 * The next state. A death at any time sends the cluster away at once; a new return starts over and remembers of the last one only the
 * operator's word for it, which is spent. Being unwell during the hold-down starts it anew. While nothing is known it stays where it is.
 */
export const rampStep = (rule: RampRule, before: RampState, sight: RampSight): RampState => {
  const { nowMs } = sight;
  const known = before.isSpent && !sight.isReleased ? { ...before, isSpent: false } : before;
  if (!sight.isAlive)
    return known.phase === 'Away' ? known : { phase: 'Away', sinceMs: nowMs, step: 0, setbacks: 0, isSpent: sight.isReleased };
  const isUnderWay = known.phase !== 'Home' && known.phase !== 'Away';
  if (isUnderWay && sight.health === 'Unknown') return known.blindMs === undefined ? { ...known, blindMs: nowMs } : known;
  const state = sighted(known, nowMs);
  switch (state.phase) {
    case 'Home':
      return state;
    case 'Away':
      return { ...state, phase: 'HoldDown', sinceMs: Math.max(nowMs, state.sinceMs) };
    case 'HoldDown':
      return heldDown(rule, state, sight);
    case 'Waiting':
      return waiting(rule, state, sight);
    case 'Ramping':
      return ramping(rule, state, sight);
  }
};
