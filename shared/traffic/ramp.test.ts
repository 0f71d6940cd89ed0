/** @module The way back, as scripts: what is seen each ten seconds, and the share the cluster gets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RampRule, type RampSight, rampFaults, rampHome, rampPercent, rampRuleDefault, rampStep } from './ramp.ts';

/**
 * Runs a script of sights, one each ten seconds: `.` well, `x` dead, `!` unwell, `f` full (nothing more fits), `g` released by an operator;
 * gives the shares.
 */
const run = (script: string, rule: RampRule = { ...rampRuleDefault, holdDownMs: 20_000, stepMs: 20_000 }): string => {
  let state = rampHome(0);
  return [...script]
    .map((sight, at) => {
      const percent = rampPercent(rule, state);
      const seen: RampSight = {
        nowMs: at * 10_000,
        isAlive: sight !== 'x',
        isHealthy: sight !== '!',
        fits: (wanted) => sight !== 'f' || wanted <= percent,
        isReleased: sight === 'g',
      };
      state = rampStep(rule, state, seen);
      return rampPercent(rule, state);
    })
    .join(' ');
};

describe('a cluster that comes back', () => {
  it('waits, then gets 10, 25, 50 and 100 percent', () => {
    expect(run('.x............')).toBe('100 0 0 0 10 10 25 25 50 50 100 100 100 100');
  });
  it('begins the hold-down anew when it is unwell or dies again', () => {
    expect(run('x..!....')).toBe('0 0 0 0 0 10 10 25');
    expect(run('x..x....')).toBe('0 0 0 0 0 0 10 10');
  });
  it('loses everything at once when it dies on the way', () => {
    expect(run('x......x.')).toBe('0 0 0 10 10 25 25 0 0');
  });
  it('steps back when it is unwell, and goes on from there', () => {
    expect(run('x......!...')).toBe('0 0 0 10 10 25 25 10 10 25 25');
  });
  it('stays at a step while the next does not fit', () => {
    expect(run('x....fff...')).toBe('0 0 0 10 10 10 10 10 25 25 50');
  });
  it('waits for an operator after too many setbacks', () => {
    expect(run('x......!..!..!.....g')).toBe('0 0 0 10 10 25 25 10 10 25 10 10 25 0 0 0 0 0 0 10');
  });
  it('waits for an operator when that is the rule', () => {
    expect(run('x......g..', { ...rampRuleDefault, holdDownMs: 20_000, stepMs: 20_000, mode: 'Manual' })).toBe('0 0 0 0 0 0 0 10 10 25');
  });
});

it('never gives a dead cluster anything, nor grows by more than one step at a time', () => {
  const steps = [0, ...rampRuleDefault.stepsPercent];
  fc.assert(
    fc.property(fc.stringMatching(/^[.x!fg]{1,60}$/), (script) => {
      const shares = run(script).split(' ').map(Number);
      shares.forEach((share, at) => {
        if (script[at] === 'x') expect(share).toBe(0);
        expect(steps.indexOf(share) - steps.indexOf(shares[at - 1] ?? 100)).toBeLessThanOrEqual(1);
      });
    }),
  );
});

it('a rule that cannot be followed is refused by field', () => {
  expect(rampFaults({ ...rampRuleDefault, stepsPercent: [50, 25], stepMs: 0 })).toEqual([
    'stepsPercent: the last step must be 100',
    'stepsPercent[1]: 25 is no whole percentage above the one before',
    'stepMs: must be above 0',
  ]);
  expect(rampFaults(rampRuleDefault)).toEqual([]);
});
