/** @module The decisions inside detection, as tables and properties: opinions, tallies, limits, damping, waits, observers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence, Held, Member, MeshPolicy, Opinion } from '../wire/mesh.ts';
import { deviationMs, noArrivals, noteArrival, suspectAfterMs } from './arrivals.ts';
import { holdDownMsOf, noPenalty, pointsAt, punished } from './damping.ts';
import { beginHoldDown, heldOn } from './hold-down.ts';
import { heldBy, type Removal } from './limits.ts';
import { observersOf } from './observers.ts';
import { movesReplicas, movesTraffic, opinionOf } from './opinion.ts';
import { probe, quickMs, type Reach, reachOf } from './probing.ts';
import { profiles } from './profile.ts';
import { newDetector, newPeer } from './state.ts';
import { neededOf, type Outcome, tally } from './tally.ts';
import type { Turn } from './turn.ts';

const none: Evidence = { direct: 'none', broker: 'none', helpers: 'none', gateway: 'none', apiServer: 'none' };
const well: Evidence = { ...none, direct: 'ok', broker: 'ok', gateway: 'ok' };
const dead: Evidence = { direct: 'lost', broker: 'lost', helpers: 'lost', gateway: 'lost', apiServer: 'lost' };
const self = { api: true, broker: true };
const policy: MeshPolicy = {
  profile: 'fast',
  automatic: true,
  domainsMin: 2,
  clustersPercentMax: 40,
  capacityPercentMax: 50,
  windowMs: 600_000,
  survivorsMin: 1,
  holdDownMs: 30_000,
  holdDownMsMax: 600_000,
  halfLifeMs: 900_000,
};
const member = (name: string, domain = name, capacity = 1_000): Member => ({
  name,
  role: 'Cluster',
  publicKey: name,
  addresses: [],
  domain,
  capacity,
  probes: [],
});

describe('the opinion of one observer', () => {
  test.each<[string, boolean, Evidence, Partial<{ api: boolean; isGray: boolean }>, Opinion | undefined]>([
    ['heard on every channel', true, well, {}, undefined],
    ['heard, but its gateway does not answer', true, { ...well, gateway: 'lost' }, {}, 'DataPlane'],
    ['heard, and says that its API server is gone', true, well, { api: false }, 'APIServer'],
    ['heard directly, not over the broker', true, { ...well, broker: 'lost' }, {}, 'Link'],
    ['heard over the broker, not directly', true, { ...well, direct: 'lost' }, {}, 'Link'],
    ['heard, the broker itself being gone', true, { ...well, broker: 'none' }, {}, undefined],
    ['heard, with losses', true, well, { isGray: true }, 'Gray'],
    ['silent, and nothing of it answers', false, dead, {}, 'Cluster'],
    ['silent, but others hear it', false, { ...dead, helpers: 'ok' }, {}, 'Link'],
    ['silent, but its gateway answers', false, { ...dead, gateway: 'ok' }, {}, 'Agent'],
    ['silent, and its API server answers, but no gateway', false, { ...dead, apiServer: 'ok' }, {}, 'DataPlane'],
    ['silent, but its API server answers, and no gateway is known', false, { ...dead, gateway: 'none', apiServer: 'ok' }, {}, 'Agent'],
    ['silent, and no address is known', false, { ...dead, gateway: 'none', apiServer: 'none' }, {}, 'Silent'],
  ])('%s', (_, isHeard, evidence, { api = true, isGray = false }, wanted) => {
    expect(opinionOf({ evidence, isHeard, self: { ...self, api }, isGray })).toBe(wanted);
  });

  test('only Cluster and DataPlane move traffic, only Cluster moves replicas', () => {
    const all = ['Cluster', 'DataPlane', 'Agent', 'Silent', 'APIServer', 'Broker', 'Hub', 'Link', 'Gray', 'Isolated'] as const;
    expect(all.filter(movesTraffic)).toEqual(['Cluster', 'DataPlane']);
    expect(all.filter(movesReplicas)).toEqual(['Cluster']);
  });
});

describe('a look at a silent cluster', () => {
  test.each<[string, readonly number[], number]>([
    ['waits long where nothing is known', [], 2_000],
    ['waits a little longer than the slowest', [160, 165, 170, 168], 313],
    ['is not held up by one slow answer of late', [160, 165, 1_800, 168, 170], 436],
    ['waits as long as a gateway that is always slow takes', [900, 1_100, 1_000], 1_475],
    ['never waits longer than a look without hurry', [1_900, 1_800, 1_950], 2_000],
    ['does not ask the impossible of a gateway next door', [1, 1, 1], 200],
  ])('%s', (_, tookMs, wanted) => {
    expect(quickMs(tookMs)).toBe(wanted);
  });

  test.each<[string, number | undefined, number[], number[], number, number]>([
    ['is in haste when nothing of it has answered since it fell silent', 20_000, [20, 20], [], 200, 200],
    ['gives a connection one round trip, and an answer as many as it takes', 20_000, [840, 840], [280, 280], 450, 1_150],
    ['has its full time when it has answered since: it outlives its agent', 32_000, [20, 20], [10, 10], 2_000, 2_000],
  ])('%s', (_, answeredMs, tookMs, openedMs, openMs, answerMs) => {
    const nowMs = 60_000;
    const env = { monotonicMs: () => nowMs, random: () => 0 };
    const address = { role: 'Gateway' as const, url: 'http://192.0.2.1:80/' };
    const looks = { hasAnswered: true, answeredMs, isWild: false, failures: 0, startedLateMs: 0, isOut: false, recent: [] };
    const record = { address, ...looks, id: 1, startedMs: 50_000, nextMs: 0, tookMs, openedMs };
    const peer = { ...newPeer(member('x')), heardMs: 30_000, probes: [record] };
    const turn: Turn = { state: newDetector('a', 'boot', env), nowMs, random: env.random, out: [] };
    probe(turn, peer);
    expect(turn.out).toMatchObject([{ type: 'probe', target: 'x', limits: { openMs, answerMs } }]);
  });
});

/** An address that was looked at, with so many failures since it last answered; `before`: it answered only the process before this one. */
const looked = (role: 'Gateway' | 'APIServer', failures: number, answered: 'never' | 'before' | 'here' = 'here') => ({
  address: { role, url: `http://192.0.2.1/${role}` },
  hasAnswered: answered !== 'never',
  failures,
  answeredMs: answered === 'here' ? 0 : undefined,
  isWild: false,
  id: 1,
  startedMs: 0,
  startedLateMs: 0,
  isOut: false,
  nextMs: 0,
  tookMs: [],
  openedMs: [],
  recent: [],
});

describe('by its own sight an observer', () => {
  test.each<[string, boolean, Parameters<typeof looked>[], Reach]>([
    [
      'does not lose a cluster after one failed look in silence: the agent may be stopped, and the answer slow',
      false,
      [['Gateway', 1]],
      'Undecided',
    ],
    ['loses it after two', false, [['Gateway', 2]], 'Lost'],
    ['does not after two while the cluster beats: paths lose packets', true, [['Gateway', 2]], 'Reached'],
    ['does after three', true, [['Gateway', 3]], 'Lost'],
    ['never loses it by a gateway that has not answered yet', true, [['Gateway', 9, 'never']], 'Unknown'],
    ['loses it by a gateway that answered the process before this one', true, [['Gateway', 3, 'before']], 'Lost'],
    ['has not decided before such a gateway has been looked at often enough', true, [['Gateway', 2, 'before']], 'Undecided'],
    [
      'nor while one of two may be found to answer',
      true,
      [
        ['Gateway', 3],
        ['Gateway', 0, 'before'],
      ],
      'Undecided',
    ],
    ['reaches it by its gateway', false, [['Gateway', 0]], 'Reached'],
    [
      'reaches it by one of two',
      true,
      [
        ['Gateway', 3],
        ['Gateway', 0],
      ],
      'Reached',
    ],
    [
      'does not reach it by its API server where it has a gateway: users ask that',
      false,
      [
        ['Gateway', 2],
        ['APIServer', 0],
      ],
      'Lost',
    ],
    ['reaches it by its API server where it has no gateway', false, [['APIServer', 0]], 'Reached'],
    ['knows nothing of it where it has no address', false, [], 'Unknown'],
    ['reaches it by its beats where it has no gateway', true, [['APIServer', 9]], 'Reached'],
  ])('%s', (_, isHeard, probes, wanted) => {
    expect(reachOf({ ...newPeer(member('x')), probes: probes.map((probe) => looked(...probe)) }, isHeard)).toBe(wanted);
  });
});

/** `a:Cluster b:Cluster/Manual c:-`: a and b vote (b is held back), c sees it well, d says nothing; `~` abstains, `?` has not heard it; `DataPlane!` hears it. */
const tallied = (script: string, { domains = 'a b c d', domainsMin = 2 } = {}): Outcome => {
  const observers = new Map(['a', 'b', 'c', 'd'].map((name, at) => [name, domains.split(' ')[at] ?? name]));
  const ballots = script.split(' ').map((word) => {
    const [voter = '', said = ''] = word.split(':');
    const [text = '', held] = said.split('/');
    const opinion = text.replace('!', '');
    const evidence = text.endsWith('!') ? { ...well, gateway: 'lost' as const } : dead;
    const vote = '-~?'.includes(opinion)
      ? undefined
      : { target: 'x', opinion: opinion as Opinion, silentMs: 0, evidence, ...(held === undefined ? {} : { held: held as Held }) };
    return { voter, abstains: opinion === '~', vote, isWell: opinion === '-' };
  });
  return tally(observers, ballots, domainsMin);
};
const count = (script: string, rules: { domains?: string } = {}): string => {
  const { cause, obstacle, isCleared } = tallied(script, rules);
  return [cause, obstacle, isCleared ? 'cleared' : undefined].filter((word) => word !== undefined).join(' ');
};

describe('four observers', () => {
  test.each<[string, string, string]>([
    ['three of four are a majority', 'a:Cluster b:Cluster c:Cluster d:-', 'Cluster'],
    ['two of four are none', 'a:Cluster b:Cluster c:- d:-', ''],
    ['who is silent does not make the majority smaller', 'a:Cluster b:Cluster', ''],
    ['who abstains does not either', 'a:Cluster b:Cluster c:~ d:~', ''],
    ['a stranger has no vote', 'a:Cluster b:Cluster z:Cluster', ''],
    ['a dead gateway and a dead cluster together move traffic', 'a:Cluster b:Cluster c:DataPlane', 'DataPlane'],
    ['all see the API server answer and no gateway: users have none', 'a:DataPlane b:DataPlane c:DataPlane d:Agent', 'DataPlane'],
    ['half of them cannot tell of the gateway: the agent is dead, nothing moves', 'a:DataPlane b:DataPlane c:Agent d:Agent', 'Agent'],
    ['two hear the agent: it is not dead, whatever a third does not hear', 'a:DataPlane! b:DataPlane! c:Agent d:-', ''],
    ['one that hears the agent is outvoted by three that do not', 'a:DataPlane! b:DataPlane c:Agent d:Silent', 'Agent'],
    ['one sees the gateway answer: no cluster is dead', 'a:Agent b:Silent c:Silent', 'Agent'],
    ['a gateway that answers clears a death, though the agent is silent', 'a:Agent b:Agent c:Agent', 'Agent cleared'],
    ['no address is known: nothing is told apart', 'a:Silent b:Silent c:Silent', 'Silent'],
    ['one liar moves nothing', 'a:Cluster b:- c:- d:-', 'cleared'],
    ['one liar holds no death back', 'a:- b:Cluster c:Cluster d:Cluster', 'Cluster'],
    ['votes held back are told and not counted', 'a:Cluster/Clusters b:Cluster/Clusters c:Cluster d:Cluster', 'Clusters'],
    ['a majority that sees it well clears it', 'a:- b:- c:Link', 'cleared'],
    ['who has not heard it since its own start clears nothing', 'a:- b:- c:? d:?', ''],
    ['a broken link to one is nobody else’s', 'a:Link b:- c:- d:-', 'cleared'],
  ])('%s', (_, script, wanted) => {
    expect(count(script)).toBe(wanted);
  });

  test.each<[string, string, boolean]>([
    ['one doubt leaves a majority for its being well', 'a:Cluster b:- c:~', false],
    ['two leave none', 'a:Cluster b:Silent c:- d:-', true],
    ['who says nothing doubts nothing', 'a:~ b:~ c:~ d:~', false],
    ['what moves nothing is no doubt', 'a:Agent b:Agent c:Link d:Gray', false],
  ])('whether a return is doubted: %s', (_, script, wanted) => {
    expect(tallied(script).isDoubted).toBe(wanted);
  });

  test('in one failure domain come to no verdict, and it is said why', () => {
    expect(count('a:Cluster b:Cluster c:Cluster', { domains: 'x x x y' })).toBe('OneDomain');
    expect(count('a:Cluster b:Cluster d:Cluster', { domains: 'x x x y' })).toBe('Cluster');
  });

  test('a verdict never takes less than two votes, nor less than a majority', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(neededOf)).toEqual([2, 2, 2, 2, 3, 3, 4, 4]);
  });

  test('no two causes that move traffic differently have a majority at once', () => {
    const opinion = fc.constantFrom<string>('Cluster', 'DataPlane', 'Agent', 'Silent', 'Link', 'Gray', '-', '~');
    fc.assert(
      fc.property(fc.array(opinion, { minLength: 4, maxLength: 4 }), (said) => {
        const script = ['a', 'b', 'c', 'd'].map((name, at) => `${name}:${said[at]}`).join(' ');
        const moving = said.filter((one) => one === 'Cluster' || one === 'DataPlane').length;
        expect(/^(Cluster|DataPlane)/.test(count(script))).toBe(moving >= 3);
      }),
    );
  });
});

describe('the velocity limit', () => {
  test('is never passed, whatever is asked for in whatever order', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: fc.constantFrom(...names), stepMs: fc.nat(400_000), isBack: fc.boolean() }), { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 7, maxLength: 7 }),
        (asks, sizes) => {
          const members = names.map((name, at) => member(name, name, sizes[at]));
          let removals: Removal[] = [];
          let nowMs = 0;
          for (const { name, stepMs, isBack } of asks) {
            nowMs += stepMs;
            if (isBack) removals = removals.map((one) => (one.name === name ? { ...one, isOut: false } : one));
            else if (
              !removals.some((one) => one.name === name && one.isOut) &&
              heldBy(name, { members, removals, policy, nowMs }) === undefined
            )
              removals = [...removals, { name, atMs: nowMs, isOut: true }];
            const counted = new Set(removals.filter((one) => one.isOut || nowMs - one.atMs < policy.windowMs).map((one) => one.name));
            expect(counted.size).toBeLessThanOrEqual(2);
            const total = members.reduce((sum, { capacity }) => sum + capacity, 0);
            const gone = members.reduce((sum, one) => sum + (counted.has(one.name) ? one.capacity : 0), 0);
            if (counted.size > 1) expect(gone * 100).toBeLessThanOrEqual(total * policy.capacityPercentMax);
          }
        },
      ),
    );
  });

  test('never lets the last clusters go', () => {
    const facts = { members: [member('a'), member('b')], removals: [], policy: { ...policy, survivorsMin: 2 }, nowMs: 0 };
    expect(heldBy('a', facts)).toBe('Survivors');
  });

  test('counts what the hub has given up by its own hearing as removed, and no survivor; what a person drained only as no survivor', () => {
    const five = ['a', 'b', 'c', 'd', 'e'];
    const facts = (lost: string, drained: string, survivorsMin: number) => ({
      members: five.map((name) => ({ ...member(name), isLost: (lost + drained).includes(name), isDrained: drained.includes(name) })),
      ...{ removals: [], policy: { ...policy, survivorsMin }, nowMs: 0 },
    });
    expect([heldBy('a', facts('bc', '', 1)), heldBy('a', facts('ab', '', 1)), heldBy('a', facts('b', 'c', 1))]).toEqual([
      'Clusters',
      undefined,
      undefined,
    ]);
    expect(heldBy('a', facts('b', 'c', 3))).toBe('Survivors');
  });

  test('counts no cluster that never had anything: not as removed, not as one to share the limit with, not as a survivor', () => {
    const empty = ['x', 'y'].map((name) => member(name, name, 0));
    const gone = empty.map(({ name }) => ({ name, atMs: 0, isOut: true }));
    const three = { members: [member('a'), member('b'), member('c'), ...empty], removals: gone, policy, nowMs: 0 };
    const and = (name: string) => ({ ...three, removals: [...gone, { name, atMs: 0, isOut: true }] });
    expect([heldBy('a', three), heldBy('b', and('a')), heldBy('x', and('a'))]).toEqual([undefined, 'Clusters', undefined]);
    expect(heldBy('a', { ...three, members: [member('a'), ...empty], removals: [] })).toBe('Survivors');
    expect(heldBy('x', { ...three, policy: { ...policy, automatic: false } })).toBe('Manual');
  });
});

describe('damping', () => {
  test('doubles the hold-down with each death and forgets by half-lives', () => {
    const once = punished(noPenalty, 0, policy);
    const twice = punished(once, 1_000, policy);
    expect([holdDownMsOf(once, 0, policy), holdDownMsOf(twice, 1_000, policy)]).toEqual([30_000, 60_000]);
    expect(pointsAt(once, policy.halfLifeMs, policy.halfLifeMs)).toBe(500);
    expect(holdDownMsOf(twice, 40 * policy.halfLifeMs, policy)).toBe(30_000);
  });

  test('points only fall with time', () => {
    const penalty = { points: 12_345, atMs: 0 };
    fc.assert(
      fc.property(fc.nat(9_000_000), fc.nat(9_000_000), (a, b) => {
        expect(pointsAt(penalty, a + b, policy.halfLifeMs)).toBeLessThanOrEqual(pointsAt(penalty, a, policy.halfLifeMs));
      }),
    );
  });
});

describe('the hold-down', () => {
  /** Looks once a second, six seconds long: `+` = a majority sees it well, `x` = it is doubted, `.` = too few can tell. */
  const hold = (script: string): string => {
    let held = beginHoldDown(0, 6_000);
    let said = '';
    for (const [at, sign] of [...script].entries()) {
      const nowMs = (at + 1) * 1_000;
      const next = heldOn(held, { isCleared: sign === '+', isDoubted: sign === 'x' }, nowMs, 6_000);
      held = next.hold;
      if (next.isOver) return `${said} over at ${at + 1}`.trim();
      if (next.isNews) said += ` ${at + 1}:${held.toldMs === undefined ? 'none' : held.toldMs / 1_000}`;
    }
    return `${said} held`.trim();
  };

  test.each<[string, string, string]>([
    ['ends when it has been seen well for so long', '++++++', 'over at 6'],
    ['begins anew with a doubt', '+++x++++++', '5:10 over at 10'],
    ['stands still while too few can tell, and is not lost', '+++..+++', '6:8 over at 8'],
    ['does not tell every little pause', '++.++++', 'over at 7'],
    ['does not end while too few can tell', '+++++...', 'held'],
    ['says that no end is in sight, once, and the end as soon as there is one', '++.......+++', '7:none 10:13 held'],
  ])('%s', (_, script, wanted) => {
    expect(hold(script)).toBe(wanted);
  });
});

describe('the wait for a silent target', () => {
  const hear = (delays: readonly number[], lost: (seq: number) => boolean = () => false) => {
    const arrivals = noArrivals();
    delays.forEach((delayMs, seq) => {
      if (!lost(seq)) noteArrival(arrivals, seq, seq * 200, seq * 200 + delayMs);
    });
    return arrivals;
  };

  test('is a number of beats where delays are steady', () => {
    expect(suspectAfterMs(hear(Array.from({ length: 100 }, (_, at) => 40 + (at % 5))), profiles.fast)).toBe(800);
  });

  test('is not made longer by a run of losses', () => {
    const steady = Array.from({ length: 100 }, () => 40);
    expect(deviationMs(hear(steady, (seq) => seq > 40 && seq < 60))).toBe(0);
  });

  test('grows with the variation of the delay, up to a limit', () => {
    const waits = [50, 150, 2_000].map((spread) =>
      suspectAfterMs(hear(Array.from({ length: 100 }, (_, at) => (at % 2) * spread)), profiles.fast),
    );
    expect(waits).toEqual([800, 1_040, 1_200]);
  });

  test('losses are counted over a window of beats', () => {
    const arrivals = hear(
      Array.from({ length: 700 }, () => 40),
      (seq) => seq % 5 === 0,
    );
    expect(arrivals.lostPermille).toBeGreaterThan(150);
    expect(arrivals.lostPermille).toBeLessThan(250);
  });
});

describe('observers', () => {
  const fleet = (count: number, domains: number) => ({
    members: Array.from({ length: count }, (_, at) => member(`c${at}`, `d${at % domains}`)),
  });

  test('are all the others up to twenty clusters', () => {
    expect(observersOf('c3', fleet(20, 4), '@hub').length).toBe(19);
  });

  test('are seven above that, no more than half from one failure domain, the same for everybody', () => {
    for (const name of ['c0', 'c7', 'c20']) {
      const observers = observersOf(name, fleet(40, 3), '@hub');
      const perDomain = ['d0', 'd1', 'd2'].map((domain) => observers.filter((one) => one.domain === domain).length);
      expect([observers.length, Math.max(...perDomain) <= 3, observers.some((one) => one.name === name)]).toEqual([7, true, false]);
      expect(observersOf(name, { members: [...fleet(40, 3).members].reverse() }, '@hub')).toEqual(observers);
    }
  });

  test('change for few targets when a cluster joins', () => {
    const [before, after] = [fleet(40, 4), fleet(41, 4)];
    const changed = before.members.filter(
      ({ name }) => JSON.stringify(observersOf(name, before, '@hub')) !== JSON.stringify(observersOf(name, after, '@hub')),
    );
    expect(changed.length).toBeLessThan(16);
  });

  test('of two clusters are the other one and the hub, of three the others alone', () => {
    const hub: Member = { ...member('@hub'), role: 'Witness' };
    const with2 = observersOf('c0', { members: [...fleet(2, 2).members, hub] }, '@hub').map(({ name }) => name);
    const with3 = observersOf('c0', { members: [...fleet(3, 3).members, hub] }, '@hub').map(({ name }) => name);
    expect([with2, with3]).toEqual([
      ['@hub', 'c1'],
      ['c1', 'c2'],
    ]);
  });
});
