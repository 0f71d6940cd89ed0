/** @module What the checkers of verdicts, singletons, work and requests call a broken rule, and what not. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { recordOf } from '../../../shared/traffic/testing.ts';
import { trafficItem } from '../../../shared/wire/index.ts';
import type { WorkItem } from '../../../shared/wire/messages.ts';
import { type ClientCount, type ClientRequest, clientCheck } from './client-check.ts';
import { type MeshCount, type MeshSight, meshCheck } from './mesh-check.ts';
import { observe } from './observer.ts';
import { singletonCheck } from './singleton-check.ts';
import { workCheck } from './work-check.ts';

const clusters = ['a', 'b', 'c', 'd', 'e'];

const meshWith = () => {
  let nowMs = 0;
  const down = new Set<string>();
  const cut = new Set<string>();
  const empty = new Set<string>();
  const count: MeshCount = { tookMs: [], false: 0 };
  const sight: MeshSight = {
    clusters,
    limit: { clustersPercent: 40, windowSeconds: 60, minSurvivors: 1 },
    bearsLoad: (_, name) => !empty.has(name),
    isUp: (name) => !down.has(name),
    isAwake: (name) => !down.has(name),
    isGone: (name) => down.has(name),
    isOpen: (from, to) => !cut.has(`${from}>${to}`),
  };
  const observer = observe([meshCheck(() => sight, count)], () => nowMs);
  observer.worldChanged();
  return {
    observer,
    count,
    at: (ms: number, change: () => void = () => undefined) => {
      nowMs = ms;
      change();
      observer.worldChanged();
    },
    down,
    cut,
    empty,
  };
};

describe('the checker of verdicts', () => {
  test('takes the time of a verdict on a cluster that died', () => {
    const { observer, count, at, down } = meshWith();
    at(60_000, () => down.add('a'));
    at(60_900);
    observer.verdict('b', 'a', 'Cluster', 'Standing');
    observer.verdict('b', 'a', 'Cluster', 'Standing');
    expect([count, observer.broken()]).toEqual([{ tookMs: [900], false: 0 }, undefined]);
  });

  test('calls one false over a cluster that most could reach all the time', () => {
    const { observer, count, at, cut } = meshWith();
    at(20_000, () => cut.add('b>a').add('c>a'));
    at(60_000);
    observer.verdict('b', 'a', 'Cluster', 'Standing');
    expect([count.false, observer.broken()?.rule]).toEqual([1, 'no verdict of death over a cluster that can be reached']);
  });

  test('does not call it false while a majority is cut off, nor soon after', () => {
    const { observer, at, cut } = meshWith();
    at(20_000, () => cut.add('b>a').add('c>a').add('d>a'));
    at(50_000, () => cut.clear());
    at(53_000);
    observer.verdict('b', 'a', 'Cluster', 'Standing');
    expect(observer.broken()).toBeUndefined();
  });

  test('says nothing of another cause of a death that stands, and notices a death anew', () => {
    const { observer, at, down } = meshWith();
    at(1_000, () => down.add('a'));
    observer.verdict('b', 'a', 'Cluster', 'Standing');
    at(2_000, () => down.delete('a'));
    at(20_000);
    observer.verdict('b', 'a', 'DataPlane', 'Standing');
    expect(observer.broken()).toBeUndefined();
    observer.verdict('b', 'a', 'DataPlane', 'Cleared');
    observer.verdict('b', 'a', 'Cluster', 'Standing');
    expect(observer.broken()?.rule).toBe('no verdict of death over a cluster that can be reached');
  });

  test('says nothing of verdicts that move nothing', () => {
    const { observer, at } = meshWith();
    at(60_000);
    observer.verdict('b', 'a', 'Agent', 'Standing');
    expect(observer.broken()).toBeUndefined();
  });

  test('notices one too many that is held for dead', () => {
    const { observer, at, down } = meshWith();
    at(60_000, () => down.add('a').add('c').add('d'));
    for (const name of ['a', 'c', 'd']) observer.verdict('b', name, 'Cluster', 'Standing');
    expect(observer.broken()?.rule).toBe('never more removed than the velocity limit');
  });

  test('does not count one that never had anything', () => {
    const { observer, at, down, empty } = meshWith();
    at(60_000, () => down.add('a').add('c').add('d'));
    empty.add('d');
    for (const name of ['a', 'd']) observer.verdict('b', name, 'Cluster', 'Standing');
    expect(observer.broken()).toBeUndefined();
    observer.verdict('b', 'c', 'Cluster', 'Standing');
    expect(observer.broken()?.rule).toBe('never more removed than the velocity limit');
  });

  test.each<[string, number, string | undefined]>([
    ['counts one that is over until the window has passed', 30_000, 'never more removed than the velocity limit'],
    ['does not count it after that', 60_000, undefined],
  ])('%s', (_, laterMs, rule) => {
    const { observer, at, down } = meshWith();
    at(60_000, () => down.add('a').add('c'));
    observer.verdict('b', 'a', 'Cluster', 'Standing');
    at(62_000, () => down.delete('a'));
    observer.verdict('b', 'a', 'Cluster', 'Cleared');
    at(60_000 + laterMs, () => down.add('d'));
    for (const name of ['c', 'd']) observer.verdict('b', name, 'Cluster', 'Standing');
    expect(observer.broken()?.rule).toBe(rule);
  });

  test('forgets nothing when the agent is started anew, but what it had no time to keep', () => {
    const { observer, at, down } = meshWith();
    at(60_000, () => down.add('a').add('c').add('d'));
    for (const name of ['a', 'c']) observer.verdict('b', name, 'Cluster', 'Standing');
    observer.verdict('e', 'a', 'Cluster', 'Standing');
    at(60_010, () => undefined);
    observer.agentEnded('e');
    at(60_100, () => undefined);
    observer.agentEnded('b');
    for (const by of ['b', 'e']) observer.agentStarted(by);
    for (const name of ['c', 'd']) observer.verdict('e', name, 'Cluster', 'Standing');
    expect(observer.broken()).toBeUndefined();
    observer.verdict('b', 'd', 'Cluster', 'Standing');
    expect(observer.broken()?.rule).toBe('never more removed than the velocity limit');
  });

  test.each<[string, number, boolean, string | undefined]>([
    ['notices one that is lifted while the cluster is dead', 70_000, true, 'no verdict of death is lifted over a cluster that is dead'],
    ['bears what was on its way when the cluster died', 64_000, true, undefined],
    ['says nothing when its agent lived meanwhile', 70_000, false, undefined],
  ])('%s', (_, atMs, isGone, rule) => {
    const { observer, at, down } = meshWith();
    at(60_000, () => down.add('a'));
    observer.verdict('b', 'a', 'Cluster', 'Standing');
    at(atMs);
    if (!isGone) observer.agentStarted('a');
    observer.verdict('b', 'a', 'Cluster', 'Returning');
    expect(observer.broken()?.rule).toBe(rule);
  });
});

const item = (cluster: string, seq: number, replicas: number, singleton = true): WorkItem => ({
  v: 1,
  cluster,
  id: 'web',
  seq,
  op: 'apply',
  adopt: 'Never',
  ...(singleton ? { singleton } : {}),
  ref: { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: 'web' },
  object: applied(seq, replicas),
});
const applied = (seq: number, replicas: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', annotations: { 'hanse.dev/work-id': 'web', 'hanse.dev/work-seq': String(seq) } },
  spec: { replicas },
});

type Beginning = {
  before: number;
  serves: boolean;
  isThere?: boolean;
  withdrawn?: boolean;
  divided?: boolean;
  /** `a` is not sent as a singleton, before `b` or after. */
  free?: 'before' | 'after';
  /** `b` ran it too when it was no singleton. */
  alsoHere?: boolean;
  /** `b` was told to run it when it was no singleton, and has not begun; since then it may have been told not to. */
  toldHere?: 'still' | 'no more';
};

const beginElsewhere = (options: Beginning) => {
  const count = { overlaps: 0 };
  const sight = { serves: () => options.serves, isThere: () => options.isThere ?? true };
  const observer = observe([singletonCheck(() => sight, count)], () => 0);
  if (options.divided === true)
    observer.written({
      revision: 1,
      key: 'hanse.dev/placements/shop/web-deployment',
      object: { ...applied(0, 0), spec: { workload: { name: 'web' }, clusters: [{ name: 'a' }, { name: 'b' }] } },
    });
  const seq = options.free === 'after' ? 12 : 5;
  observer.published(item('a', seq, 1, options.free === undefined));
  observer.applied('a', applied(seq, options.before));
  if (options.alsoHere === true) {
    observer.published(item('b', 4, 1, false));
    observer.applied('b', applied(4, 1));
  }
  if (options.toldHere !== undefined) observer.published(item('b', 4, 1, false));
  if (options.toldHere === 'no more') observer.published(item('b', 6, 0, false));
  const { object: _, singleton: __, ...rest } = item('a', 6, 0);
  if (options.withdrawn === true) observer.answered('a', { ...rest, phase: 'Withdrawn', observedAtMs: 0 });
  observer.published(item('b', 9, 1));
  observer.applying('b', applied(9, 1));
  return count.overlaps;
};

describe('the checker of singletons', () => {
  test.each<readonly [string, Beginning, number]>([
    ['notices one that begins while another runs', { before: 1, serves: true }, 1],
    ['is content when the other has no lease', { before: 1, serves: false }, 0],
    ['is content when the other has stopped', { before: 0, serves: true }, 0],
    ['is content when the other is withdrawn', { before: 1, serves: true, withdrawn: true }, 0],
    ['is content when the other is gone', { before: 1, serves: true, isThere: false }, 0],
    ['says nothing of what is divided on purpose', { before: 1, serves: true, divided: true }, 0],
    ['notices one that begins where others run what was none', { before: 1, serves: true, free: 'before' }, 1],
    ['says nothing when the other was sent later, as none any more', { before: 1, serves: true, free: 'after' }, 0],
    ['says nothing of what was on its way there already when it became one', { before: 1, serves: true, toldHere: 'still' }, 0],
    ['notices what was on its way there once and was called off', { before: 1, serves: true, toldHere: 'no more' }, 1],
    ['says nothing of what ran there already when it became one', { before: 1, serves: true, alsoHere: true }, 0],
  ])('%s', (_, options, overlaps) => {
    expect(beginElsewhere(options)).toBe(overlaps);
  });
});

/** A workload in `a` and `b` (of this spec); `b` is heard until 0, `a` always. At `endMs` the Placement leaves `b` out, at 60 s that is signed. */
const withdrawFromSilent = (endMs: number, policy: string, replicas = 2, spec: object = {}): string | undefined => {
  let nowMs = 0;
  const observer = observe([workCheck], () => nowMs);
  const place = (clusters: readonly string[], of: string): void =>
    observer.written({
      revision: nowMs + 2,
      key: 'hanse.dev/placements/shop/web-deployment',
      object: {
        ...applied(0, 0),
        spec: { workload: { kind: 'Deployment', name: 'web' }, policy: of, clusters: clusters.map((name) => ({ name })) },
      },
    });
  observer.written({
    revision: 0,
    key: 'hanse.dev/clusters//b',
    object: { ...applied(0, 0), kind: 'Cluster', metadata: { name: 'b' }, spec },
  });
  observer.written({ revision: 1, key: 'apps/deployments/shop/web', object: applied(0, 2) });
  place(['a', 'b'], 'shop/one');
  for (const cluster of ['a', 'b']) observer.heard('beat', cluster, {});
  nowMs = endMs;
  place(['a'], policy);
  nowMs = 60_000;
  observer.asked('apps/deployments/shop/web', applied(0, replicas).spec);
  observer.written({ revision: 60_001, key: 'apps/deployments/shop/web', object: applied(0, replicas) });
  observer.heard('beat', 'a', {});
  const { object: _, ...rest } = item('b', 9, 2);
  observer.published({ ...rest, op: 'withdraw' });
  return observer.broken()?.rule;
};

describe('the checker of work', () => {
  const rule = 'nothing is withdrawn because it was unseen';
  const taint = (effect: string): object => ({ taints: [{ key: 'maintenance', effect }] });
  test.each<readonly [string, number, string, string | undefined, number, object]>([
    ['notices what is taken from a cluster that was not heard when it was decided', 40_000, 'shop/one', rule, 2, {}],
    ['notices it of a cluster that a user only closes', 40_000, 'shop/one', rule, 2, taint('NoSchedule')],
    ['says nothing of what was decided while the cluster was heard', 4_000, 'shop/one', undefined, 2, {}],
    ['says nothing when another policy decides', 40_000, 'shop/other', undefined, 2, {}],
    ['says nothing when its user wants fewer', 40_000, 'shop/one', undefined, 1, {}],
    ['says nothing of a cluster that a user empties', 40_000, 'shop/one', undefined, 2, taint('NoExecute')],
    ['says nothing of a cluster that is drained', 40_000, 'shop/one', undefined, 2, { drain: {} }],
  ])('%s', (_, endMs, policy, wanted, replicas, spec) => {
    expect(withdrawFromSilent(endMs, policy, replicas, spec)).toBe(wanted);
  });
});

/** A client in `a`; `a` has no endpoints, `b` and `c` have two each. `b` dies at 10 s, `a` judges it at 11 s. */
const clientsWith = () => {
  let nowMs = 0;
  const cut = new Set<string>();
  const unable = new Set<string>();
  const bare = new Set(['a']);
  const count: ClientCount = { requests: 0, lost: 0, recoverMs: new Map(), lastBad: new Map() };
  const sight = {
    clusters: ['a', 'b', 'c'],
    serves: (name: string) => !bare.has(name),
    reaches: (_: string, to: string) => !cut.has(to),
    isAble: (name: string) => !unable.has(name),
    isQuick: () => true,
    boundMs: { slices: 2_000, name: 6_000 },
  };
  const observer = observe([clientCheck(() => sight, count)], () => nowMs);
  const send = (seq: number, endpoints: Readonly<Record<string, number>>): void =>
    observer.published(
      trafficItem('a', 'shop', 'web', seq, recordOf(Object.entries(endpoints).map(([name, ready]) => ({ name, endpoints: ready }))).spec),
    );
  const answer = (seq: number): void => {
    const { object: _, ...rest } = trafficItem('a', 'shop', 'web', seq, undefined);
    observer.answered('a', { ...rest, phase: 'Applied', status: { applied: { epoch: seq, away: [], lacks: [] } }, observedAtMs: 0 });
  };
  const request = (target: string | undefined, way: ClientRequest['way'] = 'slices'): void =>
    observer.requested({
      client: 'one',
      cluster: 'a',
      way,
      server: 'a',
      target,
      outcome: target === undefined ? 'empty' : cut.has(target) ? 'lost' : 'answered',
    });
  const at = (ms: number): void => {
    nowMs = ms;
    observer.worldChanged();
  };
  return { observer, count, cut, unable, bare, send, answer, request, at };
};
type Clients = ReturnType<typeof clientsWith>;

describe('the checker of requests', () => {
  const late = 'no request to the dead after the verdict';
  const none = (): void => undefined;
  const judge = ({ observer }: Clients): void => observer.verdict('a', 'b', 'Cluster', 'Standing');
  test.each<readonly [string, ClientRequest['way'], number, (clients: Clients) => void, (clients: Clients) => void, string | undefined]>([
    ['notices one by slices later than they can be written', 'slices', 13_100, judge, none, late],
    ['notices one by name later than names are kept', 'name', 17_100, judge, none, late],
    ['is content while slices can be on their way', 'slices', 12_900, judge, none, undefined],
    ['is content while a name is kept', 'name', 16_900, judge, none, undefined],
    ['says nothing of a death that nobody judged', 'slices', 60_000, none, none, undefined],
    [
      'says nothing once the verdict is over',
      'slices',
      60_000,
      judge,
      ({ observer }) => observer.verdict('a', 'b', 'Cluster', 'Cleared'),
      undefined,
    ],
    [
      'says nothing where no record in force names another cluster',
      'slices',
      60_000,
      judge,
      ({ send }) => send(2, { b: 2, c: 0 }),
      undefined,
    ],
    [
      'counts from the record that names another cluster',
      'slices',
      19_900,
      judge,
      ({ send, answer, at }) => {
        send(2, { b: 2, c: 0 });
        answer(2);
        at(18_000);
        send(3, { b: 2, c: 2 });
        answer(3);
      },
      undefined,
    ],
    ['says nothing where the other cannot be reached either', 'slices', 60_000, judge, ({ cut }) => cut.add('c'), undefined],
    ['says nothing where the agent cannot write', 'slices', 60_000, judge, ({ unable }) => unable.add('a'), undefined],
    [
      'says nothing of an agent that is new and has not spoken',
      'slices',
      60_000,
      none,
      (clients) => {
        clients.observer.agentStarted('a');
        judge(clients);
      },
      undefined,
    ],
  ])('of the dead %s', (_, way, askedMs, before, after, rule) => {
    const clients = clientsWith();
    clients.send(1, { b: 2, c: 2 });
    clients.answer(1);
    clients.request('b', way);
    clients.cut.add('b');
    clients.at(10_000);
    clients.at(11_000);
    before(clients);
    after(clients);
    clients.at(askedMs);
    clients.request('b', way);
    expect(clients.observer.broken()?.rule).toBe(rule);
  });

  const empty = 'never zero endpoints or addresses while a cluster serves';
  test.each<readonly [string, (clients: Clients) => void, string | undefined]>([
    ['notices that nothing is left', none, empty],
    ['notices it after a restart as well', ({ observer }) => observer.agentStarted('a'), empty],
    ['says nothing where no named cluster serves any more', ({ bare }) => bare.add('b').add('c'), undefined],
    ['says nothing where none that serves is reached', ({ cut }) => cut.add('b').add('c'), undefined],
    ['says nothing where a newer record names nobody', ({ send }) => send(2, { b: 0, c: 0 }), undefined],
  ])('of the empty %s', (_, change, rule) => {
    const clients = clientsWith();
    clients.send(1, { b: 2, c: 2 });
    clients.request(undefined);
    expect(clients.observer.broken()).toBeUndefined();
    clients.answer(1);
    change(clients);
    clients.request(undefined);
    expect(clients.observer.broken()?.rule).toBe(rule);
  });

  test('counts requests and those lost, and takes the time from the death to the last one that the dead got', () => {
    const { count, cut, at, request, observer } = clientsWith();
    request('b');
    cut.add('b');
    at(10_000);
    request('c');
    at(10_400);
    request('b');
    at(11_000);
    observer.verdict('a', 'b', 'Cluster', 'Standing');
    expect([...count.recoverMs.values()]).toEqual([400]);
    at(11_300);
    request('b');
    expect([count.requests, count.lost, [...count.recoverMs.values()]]).toEqual([4, 2, [1_300]]);
  });
});
