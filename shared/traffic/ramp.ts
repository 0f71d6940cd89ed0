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
  /** So many steps back in one return, and it waits for an operator. */
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

/** Where a return stands. `step` counts steps taken; `sinceMs` is when this phase or step began. */
export type RampState = {
  readonly phase: 'Away' | 'HoldDown' | 'Waiting' | 'Ramping' | 'Home';
  readonly sinceMs: number;
  readonly step: number;
  readonly setbacks: number;
};

/** What is known at a moment. */
export type RampSight = {
  readonly nowMs: number;
  /** No verdict stands against the cluster. */
  readonly isAlive: boolean;
  /** Its gateways answer and its errors are within limits. */
  readonly isHealthy: boolean;
  /** The share of the next step fits what its endpoints can serve. */
  readonly fits: (percent: number) => boolean;
  /** An operator said go. */
  readonly isReleased: boolean;
};

/** A cluster that has its whole share. */
export const rampHome = (nowMs: number): RampState => ({ phase: 'Home', sinceMs: nowMs, step: 0, setbacks: 0 });

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

const ramping = (rule: RampRule, state: RampState, sight: RampSight): RampState => {
  const { nowMs } = sight;
  const percent = rampPercent(rule, state);
  if (!sight.isHealthy || !sight.fits(percent)) {
    const setbacks = state.setbacks + 1;
    if (setbacks >= rule.setbacksMax) return { phase: 'Waiting', sinceMs: nowMs, step: 0, setbacks };
    return state.step > 1
      ? { ...state, step: state.step - 1, sinceMs: nowMs, setbacks }
      : { phase: 'HoldDown', sinceMs: nowMs, step: 0, setbacks };
  }
  if (nowMs - state.sinceMs < rule.stepMs) return state;
  if (percent === 100) return rampHome(nowMs);
  const next = rule.stepsPercent[state.step] ?? 100;
  return sight.fits(next) ? { ...state, step: state.step + 1, sinceMs: nowMs } : state;
};

/** The first step, when it fits. */
const begin = (rule: RampRule, state: RampState, sight: RampSight): RampState =>
  sight.isHealthy && sight.fits(rule.stepsPercent[0] ?? 100) ? { ...state, phase: 'Ramping', step: 1, sinceMs: sight.nowMs } : state;

/**
 * The next state. A death at any time sends the cluster away at once; a new return starts over but remembers nothing of the last one's
 * setbacks. Being unwell during the hold-down starts it anew.
 */
export const rampStep = (rule: RampRule, state: RampState, sight: RampSight): RampState => {
  const { nowMs } = sight;
  if (!sight.isAlive) return state.phase === 'Away' ? state : { phase: 'Away', sinceMs: nowMs, step: 0, setbacks: 0 };
  switch (state.phase) {
    case 'Home':
      return state;
    case 'Away':
      return { ...state, phase: 'HoldDown', sinceMs: nowMs };
    case 'HoldDown':
      if (!sight.isHealthy) return { ...state, sinceMs: nowMs };
      if (nowMs - state.sinceMs < rule.holdDownMs) return state;
      return rule.mode === 'Manual' && !sight.isReleased ? { ...state, phase: 'Waiting', sinceMs: nowMs } : begin(rule, state, sight);
    case 'Waiting':
      return sight.isReleased ? begin(rule, { ...state, setbacks: 0 }, sight) : state;
    case 'Ramping':
      return ramping(rule, state, sight);
  }
};
