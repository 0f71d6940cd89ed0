/** @module What the checkers of verdicts and singletons call a broken rule, and what not. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { WorkItem } from '../../../shared/wire/messages.ts';
import { type MeshCount, type MeshSight, meshCheck } from './mesh-check.ts';
import { observe } from './observer.ts';
import { singletonCheck } from './singleton-check.ts';
import { workCheck } from './work-check.ts';

const clusters = ['a', 'b', 'c', 'd', 'e'];

const meshWith = () => {
  let nowMs = 0;
  const down = new Set<string>();
  const cut = new Set<string>();
  const count: MeshCount = { tookMs: [], false: 0 };
  const sight: MeshSight = {
    clusters,
    limit: { clustersPercent: 40, minSurvivors: 1 },
    isUp: (name) => !down.has(name),
    isAwake: (name) => !down.has(name),
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

  test('does not count one that is over', () => {
    const { observer, at, down } = meshWith();
    at(60_000, () => down.add('a').add('c').add('d'));
    for (const name of ['a', 'c']) observer.verdict('b', name, 'Cluster', 'Standing');
    observer.verdict('b', 'a', 'Cluster', 'Cleared');
    observer.verdict('b', 'd', 'Cluster', 'Standing');
    expect(observer.broken()).toBeUndefined();
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
    ['says nothing of what ran there already when it became one', { before: 1, serves: true, alsoHere: true }, 0],
  ])('%s', (_, options, overlaps) => {
    expect(beginElsewhere(options)).toBe(overlaps);
  });
});

/** A workload in `a` and `b`; `b` is heard until 0, `a` always. At `endMs` the Placement leaves `b` out, at 60 s that is signed. */
const withdrawFromSilent = (endMs: number, policy: string, replicas = 2): string | undefined => {
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
  test.each<readonly [string, number, string, string | undefined, number]>([
    ['notices what is taken from a cluster that was not heard when it was decided', 40_000, 'shop/one', rule, 2],
    ['says nothing of what was decided while the cluster was heard', 4_000, 'shop/one', undefined, 2],
    ['says nothing when another policy decides', 40_000, 'shop/other', undefined, 2],
    ['says nothing when its user wants fewer', 40_000, 'shop/one', undefined, 1],
  ])('%s', (_, endMs, policy, wanted, replicas) => {
    expect(withdrawFromSilent(endMs, policy, replicas)).toBe(wanted);
  });
});
