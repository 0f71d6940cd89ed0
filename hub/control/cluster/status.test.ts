/** @module A Cluster's status from facts. */
import { describe, expect, it } from 'vitest';
import type { Cluster, PastOutage } from '../../../shared/api/index.ts';
import { reportOf } from '../../../shared/capacity/testing.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import type { Hello } from '../../../shared/wire/index.ts';
import type { HeldDeath, Observed } from '../verdict/relation.ts';
import { givenUpIn } from '../verdict/remembered.ts';
import { type Health, healthDefaults, onBeat, onTick, unseen } from './health.ts';
import { isMaterial, nextStatus } from './status.ts';

const cluster: Cluster = {
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name: 'a' },
  spec: {},
  status: {
    agent: { publicKey: 'U', sealingKey: 'k', joinedAt: '2030-01-01T00:00:00Z' },
    conditions: [{ type: 'Approved', status: 'True', reason: 'Approved', message: '', lastTransitionTime: '2030-01-01T00:00:00Z' }],
  },
};
const hello: Hello = {
  ...{ v: 1, cluster: 'a', bootId: 'b', agentVersion: '1', kubernetesVersion: 'v1.36.0', nowMs: 0 },
  ...{ apis: [], runtimeClasses: [], labels: {} },
};
const well = onBeat(unseen(0), 0, { reachable: true });
const report = reportOf([
  { name: 'n', allocatable: { cpu: 4000 }, free: { cpu: 1500 } },
  { name: 'm', allocatable: { cpu: 4000 }, free: { cpu: -200 } },
]);

describe('nextStatus', () => {
  it('sums capacity over nodes, a node that is overcommitted counting as full', () => {
    const status = nextStatus(cluster, { health: well, report, hello: undefined }, 0);
    expect(status).toMatchObject({ nodes: { total: 2, ready: 2 }, capacity: { allocatable: { cpu: 8000 }, free: { cpu: 1500 } } });
  });

  it('leaves what others wrote, and keeps the time of a condition that did not turn', () => {
    const first = nextStatus(cluster, { health: well, report, hello: undefined }, 1_000);
    const second = nextStatus({ ...cluster, status: first }, { health: well, report, hello: undefined }, 6_000);
    expect(second).toEqual(first);
    expect(first.conditions?.map(({ type }) => type)).toEqual(['Approved', 'Ready', 'CapacityKnown']);
    expect(first.agent).toEqual(cluster.status?.agent);
  });

  it('names what the member forbids its agent, and says when that was mended', () => {
    const facts = { health: well, report, hello: undefined };
    const denied = nextStatus(cluster, { ...facts, forbidden: ['list nodes', 'list pods'] }, 0);
    const access = (status: typeof denied) => status.conditions?.find(({ type }) => type === 'AccessGranted');
    expect(access(denied)).toMatchObject({ status: 'False', reason: 'Forbidden' });
    expect(access(denied)?.message).toContain('list nodes, list pods; grant');
    expect(access(nextStatus({ ...cluster, status: denied }, facts, 0))).toMatchObject({ status: 'True', reason: 'Granted' });
  });

  it('says that what is forbidden cannot be counted, not that it is being counted', () => {
    const counting = { health: well, report: { ...report, complete: false }, hello: undefined };
    const known = (facts: Parameters<typeof nextStatus>[1]) =>
      nextStatus(cluster, facts, 0).conditions?.find(({ type }) => type === 'CapacityKnown');
    expect(known(counting)?.reason).toBe('Counting');
    expect(known({ ...counting, forbidden: ['list nodes'] })).toMatchObject({
      reason: 'Forbidden',
      message: 'the agent may not read what it counts: list nodes',
    });
  });

  it('says that two agents of it run, or one is started again and again, and when that is over', () => {
    const facts = { health: well, report, hello: undefined };
    const of = (status: ReturnType<typeof nextStatus>) => status.conditions?.find(({ type }) => type === 'OneAgent');
    const often = nextStatus(cluster, { ...facts, agentTrouble: 'StartedOften' }, 0);
    expect(of(often)).toMatchObject({ status: 'False', reason: 'StartedOften' });
    const double = nextStatus({ ...cluster, status: often }, { ...facts, agentTrouble: 'StartedTwice' }, 0);
    expect(of(double)).toMatchObject({ status: 'False', reason: 'StartedTwice' });
    expect(of(nextStatus({ ...cluster, status: double }, facts, 0))).toMatchObject({ status: 'True', reason: 'OneRuns' });
    expect(of(nextStatus(cluster, facts, 0))).toBeUndefined();
  });

  it.each<[string, Partial<Parameters<typeof nextStatus>[1]>]>([
    ['OneAgent', { agentTrouble: 'StartedTwice' }],
    ['AccessGranted', { forbidden: ['list nodes'] }],
  ])('leaves %s as an earlier hub said it until the agent is heard', (condition, trouble) => {
    const facts = { health: well, report, hello: undefined };
    const said = nextStatus(cluster, { ...facts, ...trouble }, 0);
    const of = ({ conditions }: typeof said) => conditions?.find(({ type }) => type === condition)?.status;
    expect(of(nextStatus({ ...cluster, status: said }, { ...facts, health: unseen(0) }, 0))).toBe('False');
    const lost = onTick(unseen(0), 60_000, { sinceMs: 0 }, healthDefaults);
    expect(of(nextStatus({ ...cluster, status: said }, { ...facts, health: lost }, 60_000))).toBe('False');
    expect(of(nextStatus({ ...cluster, status: said }, facts, 0))).toBe('True');
  });

  it('tells where others may look at it, and keeps what was told when this hub has not heard it yet', () => {
    const facts = { health: well, report, hello: undefined };
    const told = { ...facts, hello: { ...hello, apiAddress: 'https://a.example:6443' }, services: ['tcp://203.0.113.7:443'] };
    const status = nextStatus(cluster, told, 0);
    const all = { apiServer: 'https://a.example:6443', services: ['tcp://203.0.113.7:443'] };
    expect(status.addresses).toEqual(all);
    expect(nextStatus({ ...cluster, status }, facts, 0).addresses).toEqual(all);
    expect(nextStatus({ ...cluster, status }, { ...facts, hello, services: [] }, 0)).not.toHaveProperty('addresses');
  });

  it('says what lacks for a failover before anything dies, and leaves it said while nothing is known of it', () => {
    const watched = {
      name: 'a',
      role: 'Cluster',
      probes: [],
      addresses: ['a:1'],
      observers: 2,
      givenUp: 0,
      domains: 2,
      domainsMin: 2,
    } as const;
    const facts = { health: well, report, hello };
    const status = nextStatus(cluster, { ...facts, watched }, 0);
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'FailoverReady', status: 'False', reason: 'NoProbes' }));
    expect(nextStatus({ ...cluster, status }, facts, 0).conditions).toEqual(status.conditions);
  });

  describe('says since when a cluster is given up', () => {
    const lost = onTick(well, 20_000, { sinceMs: 0 }, healthDefaults);
    const facts = { health: lost, report, hello };
    const status = nextStatus(cluster, facts, 20_000);
    const later = (change: Partial<Parameters<typeof nextStatus>[1]>) =>
      nextStatus({ ...cluster, status }, { ...facts, ...change }, 30_000).givenUpSince;

    it('from when its replicas are placed elsewhere, also by a hub that starts again and has not heard it', () => {
      expect(status.givenUpSince).toBe('1970-01-01T00:00:20Z');
      expect(later({})).toBe('1970-01-01T00:00:20Z');
      expect(later({ health: unseen(30_000) })).toBe('1970-01-01T00:00:20Z');
    });

    it('until it is heard again, and not while it is in doubt, held by a limit or new', () => {
      expect(later({ health: onBeat(lost, 30_000, { reachable: true }) })).toBeUndefined();
      expect(later({ health: onTick(well, 5_000, { sinceMs: 0 }, healthDefaults) })).toBeUndefined();
      expect(later({ held: 'Clusters' })).toBeUndefined();
      expect(nextStatus(cluster, { ...facts, health: unseen(0) }, 0)).not.toHaveProperty('givenUpSince');
    });
  });

  it('tells with the silence of an agent why nobody can say more', () => {
    const observed: Observed = {
      ...{
        cause: 'Silent',
        phase: 'Standing',
        sinceMs: 9_000,
        message: 'no address is known',
        votes: '2/2/2',
        voters: ['b', 'c'],
        epoch: 0,
      },
      isReplicasTurn: false,
    };
    const lost = onTick(well, 20_000, { sinceMs: 0 }, healthDefaults);
    const ready = nextStatus(cluster, { health: lost, report, hello, observed }, 20_000).conditions?.find(({ type }) => type === 'Ready');
    expect(ready?.message).toMatch(/^the agent stopped beating; .*; no address is known$/);
  });

  it('names a cause while the cluster is not ready, and drops it afterwards', () => {
    const lost = onTick(well, 20_000, { sinceMs: 0 }, healthDefaults);
    const status = nextStatus(cluster, { health: lost, report, hello: undefined }, 20_000);
    expect(status.verdict).toMatchObject({ cause: 'Cluster', by: 'Hub', since: '1970-01-01T00:00:20Z' });
    expect(nextStatus({ ...cluster, status }, { health: well, report, hello: undefined }, 30_000)).not.toHaveProperty('verdict');
  });

  it('calls a cluster silent, not dead, and says why its replicas stay, while a limit keeps a silent cluster from being given up', () => {
    const doubted = onTick(well, 4_000, { sinceMs: 0 }, healthDefaults);
    const status = nextStatus(cluster, { health: doubted, report, hello: undefined, held: 'Clusters', heldWhy: 'the limit' }, 4_000);
    expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      reason: 'RemovalHeld',
      message: expect.stringMatching(/: the limit$/),
    });
    expect(status.verdict).toMatchObject({ cause: 'Silent', by: 'Hub', obstacle: 'Clusters' });
  });

  describe('says of a death that something keeps from coming into force', () => {
    const heldDeath: HeldDeath = {
      ...{ cause: 'Cluster', sinceMs: 5_000, voters: ['b', 'c'], domains: 2, needed: 2, observers: 2, obstacle: 'Clusters' },
    };
    const doubted = onTick(well, 4_000, { sinceMs: 0 }, healthDefaults);
    const facts = { health: doubted, report, hello: undefined, heldDeath, heldDeathWhy: 'the limit, until noon' };
    const held = nextStatus(cluster, facts, 9_000);

    it('what is agreed on, who agrees and what holds it', () => {
      const message = expect.stringMatching(/dead or cut off.*: the limit, until noon\. 2 of 2 observers agree \(b, c;/);
      expect(held.verdict).toEqual({
        ...{ cause: 'Cluster', phase: 'Held', by: 'Observers', since: '1970-01-01T00:00:05Z', message },
        ...{ votes: '2/2/2', voters: ['b', 'c'], obstacle: 'Clusters' },
      });
      expect(held.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'Unknown', reason: 'RemovalHeld', message });
      expect(held.verdictHistory?.[0]).toMatchObject({ cause: 'Cluster', phase: 'Held', votes: '2/2/2' });
    });

    const asHeld: Cluster = { ...cluster, spec: { admission: 'Approved' }, status: held };
    const unheard = { health: unseen(20_000), report, hello: undefined };

    it('the same while a hub that starts anew has heard nobody', () => {
      const deaf = nextStatus(asHeld, { ...unheard, isYoung: true }, 20_000);
      expect(deaf).toMatchObject({ verdict: held.verdict, verdictHistory: held.verdictHistory });
    });

    it('nothing more when nobody has told that hub of it for as long as observers take to come back, nor of what is no member', () => {
      expect(nextStatus(asHeld, unheard, 99_000).verdict?.phase).toBeUndefined();
      expect(nextStatus(asHeld, { ...unheard, held: 'Manual' }, 99_000).verdict?.phase).toBeUndefined();
      const denied: Cluster = { ...asHeld, spec: { admission: 'Denied' } };
      expect(nextStatus(denied, { ...unheard, isYoung: true }, 20_000).verdict?.phase).toBeUndefined();
    });

    it('the same of a gateway whose agent is heard, while the observers may not have come back to a hub that starts anew', () => {
      const gateway = { ...facts, health: well, heldDeath: { ...heldDeath, cause: 'DataPlane' } } as const;
      const before = nextStatus(cluster, gateway, 9_000);
      const old = { ...asHeld, status: before };
      const deaf = nextStatus(old, { ...gateway, heldDeath: undefined, isYoung: true }, 20_000);
      expect(deaf).toMatchObject({ verdict: before.verdict, verdictHistory: before.verdictHistory });
      const lost = onTick(well, 20_000, { sinceMs: 0 }, healthDefaults);
      const dead = nextStatus(old, { health: lost, report, hello: undefined, isYoung: true }, 20_000);
      expect(dead.verdict).toMatchObject({ cause: 'Cluster', by: 'Hub' });
      expect(nextStatus(old, { ...gateway, heldDeath: undefined }, 99_000)).not.toHaveProperty('verdict');
    });

    it('the same where something stood before that moves nothing', () => {
      const standing: Omit<Observed, 'cause'> = {
        ...{ phase: 'Standing', sinceMs: 1_000, message: 'found before', votes: '2/2/2', voters: ['b', 'c'], epoch: 1 },
        isReplicasTurn: false,
      };
      const beside = (cause: Observed['cause']) => {
        const { verdict, conditions } = nextStatus(cluster, { ...facts, observed: { ...standing, cause } }, 9_000);
        return { verdict, ready: conditions?.find(({ type }) => type === 'Ready')?.reason };
      };
      for (const cause of ['Agent', 'Gray', 'Link', 'APIServer', 'Silent'] as const)
        expect(beside(cause)).toEqual({ verdict: held.verdict, ready: 'RemovalHeld' });
    });

    it('nothing where the hub has given it up by its own hearing: its replicas do not stay, and the next hub counts that', () => {
      const old = { ...cluster, status: held };
      const lost = nextStatus(old, { ...facts, health: onTick(well, 20_000, { sinceMs: 0 }, healthDefaults) }, 20_000);
      const ready = ({ conditions }: typeof lost) => conditions?.find(({ type }) => type === 'Ready')?.reason;
      expect(lost).toMatchObject({ verdict: { cause: 'Cluster', by: 'Hub' }, givenUpSince: '1970-01-01T00:00:20Z' });
      expect([ready(lost), lost.verdict?.phase]).toEqual(['AgentStatusUnknown', undefined]);
      const again = nextStatus({ ...cluster, status: lost }, { ...facts, health: unseen(30_000) }, 30_000);
      expect([ready(again), again.verdict?.by, again.givenUpSince]).toEqual(['AgentNotSeen', 'Hub', '1970-01-01T00:00:20Z']);
      const removal = { name: 'a', atMs: 20_000, isOut: true };
      expect([lost, again].map((status) => givenUpIn([{ ...cluster, status }]))).toEqual([[removal], [removal]]);
    });

    it('nothing once its agent is heard', () => {
      expect(nextStatus({ ...cluster, status: held }, { health: well, report, hello: undefined }, 20_000)).not.toHaveProperty('verdict');
    });
  });

  it('says of a cluster that the observers hold for dead that its replicas stay, and why, until they may go', () => {
    const observed: Observed = {
      ...{ cause: 'Cluster', phase: 'Standing', sinceMs: 5_000, message: 'dead', votes: '2/2/2', voters: ['b', 'c'], epoch: 1 },
      isReplicasTurn: false,
    };
    const facts = { health: well, report, hello: undefined, observed };
    const held = nextStatus(cluster, { ...facts, held: 'Clusters', heldWhy: 'the limit, until noon' }, 9_000);
    const ready = ({ conditions }: typeof held) => conditions?.find(({ type }) => type === 'Ready');
    expect(ready(held)).toMatchObject({ reason: 'ClusterUnreachable', message: 'dead. Its replicas stay for now: the limit, until noon' });
    expect(held.verdict).toMatchObject({ cause: 'Cluster', by: 'Observers', obstacle: 'Clusters' });
    const freed = nextStatus({ ...cluster, status: held }, facts, 10_000);
    expect(ready(freed)?.message).toBe('dead');
    expect(freed.verdict).not.toHaveProperty('obstacle');
  });

  describe('says until when a cluster that came back is held down, and what counts', () => {
    const lost = onTick(well, 20_000, { sinceMs: 0 }, healthDefaults);
    const back = onBeat(lost, 21_000, { reachable: true });
    const observed: Observed = {
      ...{ cause: 'Cluster', phase: 'Returning', sinceMs: 15_000, message: 'dead', votes: '2/2/2', voters: ['b', 'c'], epoch: 1 },
      isReplicasTurn: false,
    };
    it.each<[string, Observed | undefined, string, string | undefined]>([
      ['by its own hearing', undefined, 'takes no replicas until 1970-01-01T00:00:31Z', undefined],
      ['by the observers', { ...observed, heldUntilMs: 55_000 }, 'until 1970-01-01T00:00:55Z, longer if', '1970-01-01T00:00:55Z'],
      ['by the later of the two', { ...observed, heldUntilMs: 25_000 }, 'until 1970-01-01T00:00:31Z', '1970-01-01T00:00:25Z'],
      ['with no end in sight', observed, 'only time in which a majority sees it well counts, and too few do now', undefined],
    ])('%s', (_, by, message, heldUntil) => {
      const status = nextStatus(cluster, { health: back, observed: by, report, hello: undefined }, 21_000);
      const ready = status.conditions?.find(({ type }) => type === 'Ready');
      expect(ready).toMatchObject({ status: 'True', reason: 'Returning', message: expect.stringContaining(message) });
      expect(status.verdict?.heldUntil).toBe(heldUntil);
    });
  });

  it('does not call a cluster ready that fell silent again while the observers hold it down', () => {
    const lost = onTick(well, 20_000, { sinceMs: 0 }, healthDefaults);
    const observed: Observed = {
      ...{ cause: 'Cluster', phase: 'Returning', sinceMs: 5_000, message: 'dead', votes: '2/2/2', voters: ['b', 'c'], epoch: 1 },
      isReplicasTurn: false,
    };
    const { conditions } = nextStatus(cluster, { health: lost, observed, report, hello: undefined }, 20_000);
    expect(conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'Unknown', reason: 'AgentStatusUnknown' });
  });

  it('says of a cluster that is back from a death but for its gateway what its replicas wait for', () => {
    const observed: Observed = {
      ...{ cause: 'DataPlane', phase: 'Standing', sinceMs: 5_000, message: 'dead', votes: '2/2/2', voters: ['b', 'c'], epoch: 1 },
      ...{ isReplicasTurn: false, wasDead: true },
    };
    const status = nextStatus(cluster, { health: well, observed, report, hello: undefined }, 20_000);
    const message = expect.stringContaining('its gateway answers nobody yet: it takes no replicas before that is over');
    expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True', reason: 'Returning', message });
    expect(status.taints).toEqual([{ key: 'hanse.dev/returning', effect: 'NoSchedule' }]);
  });

  it('does not call a cluster ready that has been silent for as long as is tolerated, though nobody says that it is dead', () => {
    const readyOf = (isDoubted: boolean, observed?: Observed): unknown => {
      const { conditions, verdict } = nextStatus(cluster, { health: well, isDoubted, observed, report, hello: undefined }, 20_000);
      const { status, reason } = conditions?.find(({ type }) => type === 'Ready') ?? {};
      return [status, reason, verdict?.cause];
    };
    expect(readyOf(false)).toEqual(['True', 'AgentReady', undefined]);
    expect(readyOf(true)).toEqual(['Unknown', 'AgentNotHeard', undefined]);
    const runs: Observed = {
      ...{ cause: 'Agent', phase: 'Standing', sinceMs: 5_000, message: 'it runs', votes: '2/2/2', voters: ['b', 'c'], epoch: 1 },
      isReplicasTurn: false,
    };
    expect(readyOf(true, runs)).toEqual(['Unknown', 'AgentNotHeard', 'Agent']);
  });

  describe('says of a cluster that takes no new replicas, as its agent is silent, neither that it is ready nor that it has no taints', () => {
    const suspect = onTick(well, healthDefaults.suspectMs, { sinceMs: 0 }, healthDefaults);
    const lost = onTick(well, 20_000, { sinceMs: 0 }, healthDefaults);
    const agreedOn = (cause: Observed['cause'], phase: Observed['phase'] = 'Standing'): Observed => ({
      ...{ cause, phase, sinceMs: 5_000, message: 'agreed', votes: '2/2/2', voters: ['b', 'c'], epoch: 1, isReplicasTurn: false },
    });
    const returning = agreedOn('Cluster', 'Returning');
    it.each<[string, Health, Observed | undefined, string, string, string]>([
      ['silent for a moment', suspect, undefined, 'AgentNotHeard', 'stay for now, and it takes no new ones', 'not-ready'],
      ['silent, while the others see it run', suspect, agreedOn('Agent'), 'AgentNotHeard', 'the others see the cluster run', 'not-ready'],
      ['silent for long, and seen to run', lost, agreedOn('Agent'), 'AgentNotHeard', 'the others see the cluster run', 'not-ready'],
      ['silent for long, without a gateway that answers', lost, agreedOn('DataPlane'), 'AgentNotHeard', 'see the cluster run', 'not-ready'],
      [
        'not heard since the hub started, and seen to run',
        unseen(0),
        agreedOn('Agent'),
        'AgentNotSeen',
        'since the hub started',
        'not-ready',
      ],
      ['not heard since the hub started, and on its way back', unseen(0), returning, 'AgentNotSeen', 'since the hub started', 'returning'],
    ])('%s', (_, health, observed, reason, message, taint) => {
      const status = nextStatus(cluster, { health, observed, report, hello: undefined }, health.sinceMs);
      const ready = status.conditions?.find(({ type }) => type === 'Ready');
      expect(ready).toMatchObject({ status: 'Unknown', reason, message: expect.stringContaining(message) });
      expect(status.taints).toEqual([{ key: `hanse.dev/${taint}`, effect: 'NoSchedule' }]);
    });

    it('and of one that is heard again that it is ready', () => {
      const before = nextStatus(cluster, { health: suspect, report, hello: undefined }, 4_000);
      const after = nextStatus({ ...cluster, status: before }, { health: well, report, hello: undefined }, 5_000);
      expect(after).not.toHaveProperty('taints');
      expect(after.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True', reason: 'AgentReady' });
    });
  });

  it('says that a fault of the API server is over when it hears so, not when it hears nothing', () => {
    const facts = { health: onBeat(well, 1_000, { reachable: false, reason: 'Timeout' }), report, hello: undefined };
    const faulty = nextStatus(cluster, facts, 1_000);
    expect(faulty.verdict).toMatchObject({ cause: 'APIServer', by: 'Hub' });
    const deafMs = 1_000 + healthDefaults.toleranceMs;
    const deaf = nextStatus({ ...cluster, status: faulty }, { ...facts, isDoubted: true }, deafMs);
    expect(deaf.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ reason: 'AgentNotHeard' });
    expect(deaf).toMatchObject({ verdict: faulty.verdict, verdictHistory: faulty.verdictHistory });
    const health = onBeat(facts.health, deafMs + 1_000, { reachable: true });
    const mended = nextStatus({ ...cluster, status: deaf }, { ...facts, health }, deafMs + 1_000);
    expect(mended.verdictHistory?.map(({ cause, phase }) => [cause, phase])).toEqual([
      ['APIServer', 'Cleared'],
      ['APIServer', 'Standing'],
    ]);
    expect(mended).not.toHaveProperty('verdict');
  });

  it('keeps outages of broker and hub in the history at their time, a few, and takes none for a verdict on the cluster', () => {
    const lost = onTick(well, 20_000, { sinceMs: 0 }, healthDefaults);
    const facts = { health: lost, report, hello: undefined };
    const told = (seconds: number): PastOutage => ({
      ...{ cause: 'Hub', phase: 'Cleared', id: `boot/${seconds}`, message: 'the hub did not answer', votes: '2/2/3', voters: [] },
      ...{ since: timeText((seconds - 1) * 1_000), at: timeText(seconds * 1_000) },
    });
    const dead = nextStatus(cluster, { ...facts, outages: [told(10), told(15)] }, 20_000);
    const shown = ({ verdictHistory }: typeof dead) => verdictHistory?.map(({ cause, phase, at }) => [cause, phase, at.slice(17, 19)]);
    expect(shown(dead)?.slice(0, 1)).toEqual([['Cluster', 'Standing', '20']]);
    const later = nextStatus({ ...cluster, status: dead }, { ...facts, outages: [told(10), told(15)] }, 40_000);
    expect(later.verdictHistory).toEqual(dead.verdictHistory);
    const many = [41, 43, 45, 47, 49, 51].map(told);
    const full = nextStatus({ ...cluster, status: dead }, { ...facts, outages: many }, 55_000);
    expect(
      shown(full)
        ?.filter(([cause]) => cause === 'Hub')
        .map(([, , at]) => at),
    ).toEqual(['51', '49', '47', '45', '43']);
    expect(shown(full)).toContainEqual(['Cluster', 'Standing', '20']);
    expect(nextStatus({ ...cluster, status: full }, { ...facts, health: well }, 56_000).verdictHistory?.[0]).toMatchObject({
      ...{ cause: 'Cluster', phase: 'Cleared' },
    });
  });

  it('a cluster that is not in yet has no verdict: it is told what it waits for', () => {
    const facts = { health: unseen(0), report: undefined, hello: undefined };
    const ready = (of: Cluster) => {
      const { conditions, verdict } = nextStatus(of, facts, 0);
      const { reason, message } = conditions?.find(({ type }) => type === 'Ready') ?? {};
      return { reason, message, verdict };
    };
    const approved = {
      type: 'Approved',
      status: 'False' as const,
      reason: 'PendingApproval',
      message: 'hanse approve a',
      lastTransitionTime: '',
    };
    expect(ready({ ...cluster, status: { ...cluster.status, conditions: [approved] } })).toEqual({
      reason: 'NotApproved',
      message: 'hanse approve a',
      verdict: undefined,
    });
    expect(ready(cluster)).toMatchObject({ reason: 'AgentNotSeen', verdict: { cause: 'Agent' } });
  });

  it('is not worth a write of its own when only free room moved', () => {
    const first = nextStatus(cluster, { health: well, report, hello: undefined }, 0);
    const busier = nextStatus(
      cluster,
      { health: well, report: { ...report, nodes: { ...report.nodes, free: [[0, 0]] } }, hello: undefined },
      0,
    );
    expect([isMaterial(cluster.status, first), isMaterial(first, busier)]).toEqual([true, false]);
  });
});
