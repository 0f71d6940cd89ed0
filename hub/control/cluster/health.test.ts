/** @module Scripts of beats and silence, and what is said of the cluster. */
import { describe, expect, it } from 'vitest';
import { connectBackoff, joinBackoff } from '../../../shared/wire/comeback.ts';
import { type Ear, type Health, healthDefaults, heardSince, onBeat, onTick, readyCondition, taintsOf, unseen } from './health.ts';

const fine = { reachable: true };

/** Runs `B` = beat, `.` = nothing, one a second, from a cluster that is well; `deaf` seconds say when the hub itself began to hear. */
const run = (script: string, heardSinceMs = 0): Health => {
  let health = onBeat(unseen(0), 0, fine);
  [...script].forEach((sign, index) => {
    const nowMs = (index + 1) * 1000;
    if (sign === 'B') health = onBeat(health, nowMs, fine);
    health = onTick(health, nowMs, { sinceMs: heardSinceMs }, healthDefaults);
  });
  return health;
};

describe('health', () => {
  it.each<[string, string, Health['phase']]>([
    ['beats keep a cluster well', 'BBBBBBBBBBBB', 'Well'],
    ['three missed beats are nothing', 'BB...', 'Well'],
    ['four make it suspect', 'BB....', 'Suspect'],
    ['one beat clears suspicion', 'BB....B', 'Well'],
    ['ten seconds of silence lose it', 'BB..........', 'Lost'],
    ['a lost cluster that beats again is held down', 'BB..........B', 'Returning'],
    ['after ten calm seconds it is well', 'BB..........BBBBBBBBBBB', 'Well'],
    ['a gap starts the hold-down anew', 'BB..........BBBBBBBB....BBBBBB', 'Returning'],
    ['one that flaps is lost again', 'BB..........BB..........', 'Lost'],
  ])('%s', (_, script, phase) => {
    expect(run(script).phase).toBe(phase);
  });

  it('does not hold the silence against a cluster while the hub itself was deaf', () => {
    expect(run('BB...............', 12_000).phase).not.toBe('Lost');
  });

  it('counts no silence while none of several clusters is heard, and all of it while one is', () => {
    const heardAt = (nowMs: number): Health => onBeat(unseen(0), nowMs, fine);
    const losesAfter = (others: (nowMs: number) => Health[], first = heardAt(0)): Health['phase'] => {
      let [health, sinceMs] = [first, 0];
      for (let nowMs = 500; nowMs <= 200_000; nowMs += 500) {
        sinceMs = heardSince([health, ...others(nowMs)], sinceMs, nowMs, healthDefaults);
        health = onTick(health, nowMs, { sinceMs }, healthDefaults);
      }
      return health.phase;
    };
    expect(losesAfter(() => [heardAt(0), heardAt(0)])).toBe('Suspect');
    expect(losesAfter((nowMs) => [heardAt(0), heardAt(nowMs)])).toBe('Lost');
    // Of those that only an earlier run of the hub has heard as well.
    expect([losesAfter(() => [unseen(0)]), losesAfter(() => [unseen(0)], unseen(0))]).toEqual(['Suspect', 'Unseen']);
    // A single cluster has nowhere to lose its replicas to.
    expect(losesAfter(() => [])).toBe('Lost');
  });

  describe('waits for agents that live before it loses what it has not heard', () => {
    const backoffsMs = joinBackoff.maxMs + connectBackoff.maxMs;
    const lostAt = (from: Health, ear: Ear): number | undefined => {
      let health = from;
      for (let nowMs = 500; nowMs <= 300_000; nowMs += 500) {
        health = onTick(health, nowMs, ear, healthDefaults);
        if (health.phase === 'Lost') return nowMs;
      }
      return undefined;
    };
    const heardAt = (atMs: number): Health => onBeat(unseen(0), atMs, fine);
    const { comebackMs, toleranceMs } = healthDefaults;
    it('for as long as their longest waits between tries and their patience with one try', () => {
      expect(comebackMs).toBeGreaterThanOrEqual(backoffsMs);
    });
    it.each<[string, Health, Ear, number]>([
      ['since the hub began', unseen(0), { sinceMs: 0 }, comebackMs + toleranceMs],
      ['since its broker is there again', heardAt(0), { sinceMs: 2_000 }, 2_000 + comebackMs + toleranceMs],
      ['for no longer once it has been heard', heardAt(3_000), { sinceMs: 2_000 }, 3_000 + toleranceMs],
      ['nor longer because observers said for a while that it runs', unseen(0), { sinceMs: 0, ranMs: 9_000 }, comebackMs + toleranceMs],
    ])('%s', (_, health, ear, expected) => {
      expect(lostAt(health, ear)).toBe(expected);
    });
    it('and puts nothing new there meanwhile', () => {
      const waiting = onTick(heardAt(0), 7_000, { sinceMs: 2_000 }, healthDefaults);
      expect([waiting.phase, taintsOf(waiting).map(({ effect }) => effect)]).toEqual(['Suspect', ['NoSchedule']]);
    });
  });

  it('does not lose a cluster that its observers say runs, nor at once when a cut link has healed and they say nothing any more', () => {
    const lostAt = (vouchedUntilMs: number | undefined): number | undefined => {
      let health = onBeat(unseen(0), 0, fine);
      for (let nowMs = 500; nowMs <= 60_000; nowMs += 500) {
        const ranMs = vouchedUntilMs === undefined ? undefined : Math.min(nowMs, vouchedUntilMs);
        health = onTick(health, nowMs, { sinceMs: 0, ranMs }, healthDefaults);
        if (health.phase === 'Lost') return nowMs;
      }
      return undefined;
    };
    expect(lostAt(undefined)).toBe(healthDefaults.toleranceMs);
    expect(lostAt(60_000)).toBeUndefined();
    expect(lostAt(30_000)).toBe(30_000 + healthDefaults.toleranceMs - healthDefaults.suspectMs);
  });

  it('does not lose, and then hold down, a cluster that waits long to be let in', () => {
    let health = unseen(0);
    for (let nowMs = 500; nowMs <= 60_000; nowMs += 500)
      health = onTick(health, nowMs, { sinceMs: 0, wasHeardEver: false }, healthDefaults);
    expect(health.phase).toBe('Unseen');
    expect(onTick(health, 60_500, { sinceMs: 0 }, healthDefaults).phase).toBe('Unseen');
    expect(onBeat(health, 61_000, fine).phase).toBe('Well');
  });

  it('says Unknown in silence, False when the API server is down, True when it beats', () => {
    const well = run('BB');
    const lost = run('BB..........');
    const broken = onBeat(well, 3_000, { reachable: false, reason: 'ConnectionRefused', message: 'connection refused' });
    expect([well, lost, broken].map((health) => readyCondition(health).status)).toEqual(['True', 'Unknown', 'False']);
    expect(readyCondition(broken).message).toContain('connection refused');
    const unknown = onBeat(well, 9_000, { reachable: false, reason: 'Unauthorized', message: 'renew the token' });
    expect(readyCondition(unknown)).toMatchObject({
      status: 'False',
      reason: 'MemberAPIUnauthorized',
      message: expect.stringContaining('renew the token'),
    });
  });

  it('keeps new replicas out in doubt, and drives replicas out only when the cluster is lost', () => {
    const effects = (health: Health): string[] => taintsOf(health).map(({ effect }) => effect);
    expect([unseen(0), run('BB'), run('BB....'), run('BB..........'), run('BB..........B')].map(effects)).toEqual([
      ['NoSchedule'],
      [],
      ['NoSchedule'],
      ['NoSchedule', 'NoExecute'],
      ['NoSchedule'],
    ]);
  });
});
