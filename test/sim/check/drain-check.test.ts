/** @module What the checker of drains calls a broken rule, and what not. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { WorkItem } from '../../../shared/wire/messages.ts';
import { drainCheck } from './drain-check.ts';
import { observe } from './observer.ts';

const deployment = (replicas: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { replicas },
});

const item = (cluster: string, seq: number, replicas: number | undefined): WorkItem => ({
  v: 1,
  cluster,
  id: 'web',
  seq,
  op: replicas === undefined ? 'withdraw' : 'apply',
  adopt: 'Never',
  ref: { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: 'web' },
  ...(replicas === undefined ? {} : { object: deployment(replicas) }),
});

/** `web` wants 4, which run in `a`, and is placed in `b` (and `c`); `a` is drained. */
const drainedWith = (drain: object = {}) => {
  let nowMs = 0;
  const observer = observe([drainCheck], () => nowMs);
  const write = (key: string, object: object): void => observer.written({ revision: 1, key, object: object as KubeObject });
  const cluster = (spec: object): void => write('hanse.dev/clusters//a', { metadata: { name: 'a' }, spec });
  const place = (clusters: object): void =>
    write('hanse.dev/placements/shop/web-deployment', {
      metadata: { name: 'web-deployment' },
      spec: {
        workload: { name: 'web' },
        policy: 'shop/web',
        clusters: Object.entries(clusters).map(([name, replicas]) => ({ name, replicas })),
      },
      status: { replicas: 4 },
    });
  const world = {
    tell: (name: string, seq: number, replicas?: number) => observer.published(item(name, seq, replicas)),
    hear: (name: string, seq: number, readyReplicas: number, replicas = 4) =>
      observer.heard('status', name, { ...item(name, seq, 0), phase: 'Applied', status: { replicas, readyReplicas }, observedAtMs: 0 }),
    want: (replicas: number) => write('apps/deployments/shop/web', deployment(replicas)),
    policy: (spec: object) => write('hanse.dev/placementpolicies/shop/web', { metadata: { name: 'web' }, spec }),
    undo: () => cluster({}),
    empty: () => cluster({ taints: [{ key: 'maintenance', effect: 'NoExecute' }] }),
    at: (ms: number) => {
      nowMs = ms;
    },
    restart: observer.hubStarted,
    place,
  };
  world.want(4);
  place({ a: 4 });
  world.tell('a', 1, 4);
  world.hear('a', 1, 4);
  cluster({ drain });
  place({ b: 4 });
  world.tell('b', 2, 4);
  return { world, rule: () => observer.broken()?.rule };
};
type Drained = ReturnType<typeof drainedWith>['world'];

const rule = 'what is drained runs until its replacements are ready';

test.each<readonly [string, object, (world: Drained) => unknown, string | undefined]>([
  ['notices what is withdrawn before anything is ready elsewhere', {}, ({ tell }) => tell('a', 3), rule],
  ['notices one too many that is stopped', {}, ({ hear, tell }) => [hear('b', 2, 2), tell('a', 3, 1)], rule],
  ['is content when as many are ready elsewhere', {}, ({ hear, tell }) => [hear('b', 2, 2), tell('a', 3, 2)], undefined],
  [
    'is content with a share that may be missing',
    { maxUnavailable: '25%' },
    ({ hear, tell }) => [hear('b', 2, 2), tell('a', 3, 1)],
    undefined,
  ],
  ['notices more than a number that may be missing', { maxUnavailable: 1 }, ({ hear, tell }) => [hear('b', 2, 2), tell('a', 3)], rule],
  ['counts what is ready as the hub heard it last', {}, ({ hear, tell }) => [hear('b', 3, 0), hear('b', 2, 4), tell('a', 4)], rule],
  ['counts nothing that a new hub has not heard', {}, ({ hear, restart, tell }) => [hear('b', 2, 4), restart(), tell('a', 3)], rule],
  ['counts no more than a cluster was told', {}, ({ hear, tell }) => [tell('b', 3, 1), hear('b', 2, 4), tell('a', 4)], rule],
  ['counts what another cluster keeps beyond its share', {}, ({ tell }) => [tell('c', 3, 4), tell('a', 4)], undefined],
  [
    'says nothing of what a new hub hears not to be there',
    {},
    ({ restart, hear, tell }) => [restart(), hear('a', 1, 0, 0), tell('a', 3)],
    undefined,
  ],
  ['says nothing when fewer are wanted', {}, ({ want, tell }) => [want(1), tell('a', 3, 1)], undefined],
  ['says nothing when none is wanted', {}, ({ want, tell }) => [want(0), tell('a', 3)], undefined],
  ['says nothing of a singleton', {}, ({ policy, tell }) => [policy({ failover: { class: 'Singleton' } }), tell('a', 3)], undefined],
  ['notices what is stopped as a drain is taken back', {}, ({ undo, tell }) => [undo(), tell('a', 3)], rule],
  ['says nothing then of what does not run', {}, ({ hear, undo, tell }) => [hear('a', 1, 0), undo(), tell('a', 3)], undefined],
  ['says nothing when a taint empties the cluster then', {}, ({ undo, empty, tell }) => [undo(), empty(), tell('a', 3)], undefined],
  ['says nothing long after that', {}, ({ undo, at, tell }) => [undo(), at(20_000), tell('a', 3)], undefined],
])('the checker of drains %s', (_, drain, act, broken) => {
  const { world, rule: is } = drainedWith(drain);
  act(world);
  expect(is()).toBe(broken);
});
