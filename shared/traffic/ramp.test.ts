/** @module The way back, as scripts: what is seen each ten seconds, and the share the cluster gets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RampHealth, type RampRule, type RampSight, rampFaults, rampHome, rampPercent, rampRuleDefault, rampStep } from './ramp.ts';

const healthOf = (sight: string): RampHealth => {
  if (sight === '?') return 'Unknown';
  return sight === '!' || sight === 'G' ? 'Ill' : 'Well';
};

/**
 * Runs a script of sights, one each ten seconds: `.` well, `x` dead, `!` unwell, `?` not known, `f` full (nothing more fits); with the word of an
 * operator `g` well, `d` dead, `G` unwell. Gives the shares.
 */
const run = (script: string, rule: RampRule = { ...rampRuleDefault, holdDownMs: 20_000, stepMs: 20_000 }): string => {
  let state = rampHome(0);
  return [...script]
    .map((sight, at) => {
      const percent = rampPercent(rule, state);
      const seen: RampSight = {
        nowMs: at * 10_000,
        isAlive: sight !== 'x' && sight !== 'd',
        health: healthOf(sight),
        fits: (wanted) => sight !== 'f' || wanted <= percent,
        isReleased: 'gGd'.includes(sight),
      };
      state = rampStep(rule, state, seen);
      return rampPercent(rule, state);
    })
    .join(' ');
};

/** Sights four times a second, `count` of each after a death; the shares that they come to. */
const looks = (...script: readonly (readonly [sight: string, count: number])[]): string => {
  const rule: RampRule = { ...rampRuleDefault, holdDownMs: 2_000, stepMs: 5_000 };
  let state = rampStep(rule, rampHome(0), { nowMs: 0, isAlive: false, health: 'Well', fits: () => true, isReleased: false });
  let nowMs = 0;
  const shares = [0];
  for (const [sight, count] of script)
    for (let look = 0; look < count; look++) {
      nowMs += 250;
      state = rampStep(rule, state, { nowMs, isAlive: true, health: healthOf(sight), fits: () => true, isReleased: sight === 'g' });
      if (rampPercent(rule, state) !== shares.at(-1)) shares.push(rampPercent(rule, state));
    }
  return shares.join(' ');
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
  it('steps back when it is unwell, is given twice the time, and goes on from there', () => {
    expect(run('x......!......')).toBe('0 0 0 10 10 25 25 10 10 10 10 25 25 25');
  });
  it('takes one step back for one trouble, however often that is looked at', () => {
    expect(looks(['.', 40], ['!', 3], ['.', 45])).toBe('0 10 25 10 25');
    expect(looks(['.', 40], ['!', 20], ['.', 45])).toBe('0 10 25 10 25');
    expect(looks(['.', 40], ['!', 1], ['.', 5], ['!', 1], ['.', 5], ['!', 1], ['.', 45])).toBe('0 10 25 10 25');
  });
  it('takes one more for a trouble that lasts as long as a step, and is held down for longer then', () => {
    expect(looks(['.', 40], ['!', 21], ['.', 31])).toBe('0 10 25 10 0');
    expect(looks(['.', 40], ['!', 21], ['.', 33])).toBe('0 10 25 10 0 10');
  });
  describe('of which nothing is known for a while', () => {
    it('stays where it is, and goes on from there', () => {
      expect(run('x....????????..')).toBe('0 0 0 10 10 10 10 10 10 10 10 10 10 25 25');
      expect(run('x.??????....')).toBe('0 0 0 0 0 0 0 0 0 10 10 25');
    });
    it('is given nothing for the time in which nothing was known, in the hold-down or in the wait after setbacks', () => {
      expect(looks(['.', 4], ['?', 400], ['.', 4])).toBe('0');
      expect(looks(['.', 4], ['?', 400], ['.', 6])).toBe('0 10');
      expect(looks(['.', 55], ['!', 41], ['.', 320], ['?', 2_000], ['.', 319])).toBe('0 10 25 50 25 10 0');
    });
    it('takes no further step back for a trouble that was seen before and after', () => {
      expect(looks(['.', 40], ['!', 3], ['?', 400], ['!', 3], ['.', 45])).toBe('0 10 25 10 25');
    });
    it('goes to nothing at once when the others find it dead meanwhile', () => {
      expect(run('x....??x????..')).toBe('0 0 0 10 10 10 10 0 0 0 0 0 0 10');
    });
    it('does not go for the word of an operator either', () => {
      const manual = { ...rampRuleDefault, holdDownMs: 20_000, stepMs: 10_000, mode: 'Manual' } as const;
      const word = { nowMs: 90_000, isAlive: true, fits: () => true, isReleased: true };
      const waiting = { ...rampHome(0), phase: 'Waiting' } as const;
      expect(rampStep(manual, waiting, { ...word, health: 'Unknown' }).phase).toBe('Waiting');
      expect(rampStep(manual, waiting, { ...word, health: 'Well' }).phase).toBe('Ramping');
    });
  });
  it('stays at a step while the next does not fit', () => {
    expect(run('x....fff...')).toBe('0 0 0 10 10 10 10 10 25 25 50');
  });
  it('waits after too many setbacks for an operator, or until it has been well for as long as waits get', () => {
    const tooMany = [
      ['.', 55],
      ['!', 41],
    ] as const;
    const shares = '0 10 25 50 25 10 0';
    expect(looks(...tooMany, ['g', 1])).toBe(`${shares} 10`);
    expect(looks(...tooMany, ['.', 639])).toBe(shares);
    expect(looks(...tooMany, ['.', 320], ['!', 1], ['.', 639])).toBe(shares);
    expect(looks(...tooMany, ['.', 640], ['.', 100])).toBe(`${shares} 10 25 50 100`);
  });
  it('waits after too many setbacks although the word that let it begin is still there', () => {
    const manual = { ...rampRuleDefault, holdDownMs: 20_000, stepMs: 10_000, mode: 'Manual', setbacksMax: 1 } as const;
    expect(run('x....ggGggg.g', manual)).toBe('0 0 0 0 0 10 25 0 0 0 0 0 10');
  });

  describe('by an operator', () => {
    const manual = { ...rampRuleDefault, holdDownMs: 20_000, stepMs: 10_000, mode: 'Manual' } as const;
    it('waits for the word, and keeps it over a setback', () => {
      expect(run('x......ggg', manual)).toBe('0 0 0 0 0 0 0 10 25 50');
      expect(run('x......gGgggggg', manual)).toBe('0 0 0 0 0 0 0 10 0 0 0 0 10 10 25');
    });
    it('may be let back in before it is back', () => {
      expect(run('xdggg', manual)).toBe('0 0 0 0 10');
    });
    it('needs a word for each return: that of an earlier one is taken back and given anew', () => {
      expect(run('x...gggggdgggg.gg', manual)).toBe('0 0 0 0 10 25 50 100 100 0 0 0 0 0 0 10 25');
    });
  });
});

it('never gives a dead cluster anything, nor grows by more than one step at a time', () => {
  const steps = [0, ...rampRuleDefault.stepsPercent];
  fc.assert(
    fc.property(fc.stringMatching(/^[.x!?fgGd]{1,60}$/), (script) => {
      const shares = run(script).split(' ').map(Number);
      shares.forEach((share, at) => {
        if (script[at] === 'x' || script[at] === 'd') expect(share).toBe(0);
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
