/** @module What the checker of capacity calls a broken rule, and what not. */
import { expect, test } from 'vitest';
import { reportOf } from '../../../shared/capacity/testing.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { WorkItem } from '../../../shared/wire/messages.ts';
import { capacityCheck } from './capacity-check.ts';
import { observe } from './observer.ts';

const rule = 'no cluster above its capacity by our doing';

/** A workload of this size, and a cluster `a` of so much free milli-CPU. */
const worldWith = (cpu: string, freeMilli: number) => {
  let nowMs = 0;
  const observer = observe([capacityCheck], () => nowMs);
  const write = (key: string, object: object): void => observer.written({ revision: 1, key, object: object as KubeObject });
  const size = (generation: number, requested: string, name = 'app-1'): void =>
    write(`apps/deployments/shop/${name}`, {
      kind: 'Deployment',
      metadata: { name, generation },
      spec: { replicas: 2, template: { spec: { containers: [{ name: 'main', resources: { requests: { cpu: requested } } }] } } },
    });
  const report = (epoch: number, free: number, unschedulable = false): void =>
    observer.heard('report', 'a', {
      bootId: `start ${epoch}`,
      report: reportOf([{ name: 'n', allocatable: { cpu: free }, unschedulable }], { epoch }),
    });
  const beat = (epoch: number): void => observer.heard('beat', 'a', { bootId: `start ${epoch}` });
  beat(1);
  report(1, freeMilli);
  size(1, cpu);
  return {
    report,
    beat,
    size,
    place: (replicas: number, observedGeneration: number, name = 'app-1'): void =>
      write(`hanse.dev/placements/shop/${name}`, {
        metadata: { name },
        spec: { workload: { kind: 'Deployment', name }, clusters: [{ name: 'a', replicas }] },
        status: { observedGeneration },
      }),
    tell: (replicas: number | undefined): void =>
      observer.published({
        cluster: 'a',
        ref: { kind: 'Deployment', name: 'app-1' },
        ...(replicas === undefined ? { op: 'withdraw' } : { op: 'apply', object: { spec: { replicas } } }),
      } as unknown as WorkItem),
    at: (ms: number): void => {
      nowMs = ms;
    },
    broken: (): string | undefined => observer.broken()?.rule,
  };
};

type World = ReturnType<typeof worldWith>;

test.each<readonly [string, (world: World) => void, string | undefined]>([
  ['notices more than there is room for', ({ place }) => place(4, 1), rule],
  ['is content with what fits', ({ place }) => place(3, 1), undefined],
  [
    'goes by what replicas asked for when the decision was made',
    ({ size, at, place }) => {
      size(2, '3500m');
      at(1_500);
      place(2, 1);
    },
    undefined,
  ],
  [
    'goes by a report that was replaced just now',
    ({ report, at, place }) => {
      at(60_000);
      report(1, 0);
      at(65_000);
      place(3, 1);
    },
    undefined,
  ],
  [
    'finds no room on a cordoned node',
    ({ report, at, place }) => {
      report(1, 3_000, true);
      at(11_000);
      place(1, 1);
    },
    rule,
  ],
  [
    'goes by no report that was replaced long ago',
    ({ report, at, place }) => {
      at(60_000);
      report(1, 0);
      at(71_000);
      place(3, 1);
    },
    rule,
  ],
  [
    'does not count the report of a start that has not spoken',
    ({ report, beat, at, place }) => {
      at(60_000);
      report(2, 0);
      at(71_000);
      beat(2);
      place(3, 1);
    },
    undefined,
  ],
  [
    'does not count it while the start before may still run',
    ({ report, beat, at, place }) => {
      at(60_000);
      beat(1);
      at(61_000);
      report(2, 0);
      beat(2);
      at(80_000);
      place(3, 1);
    },
    undefined,
  ],
  [
    'counts it when the start before has been silent for long enough',
    ({ report, beat, at, place }) => {
      at(60_000);
      beat(1);
      at(61_000);
      report(2, 0);
      at(65_000);
      beat(2);
      at(80_000);
      place(3, 1);
    },
    rule,
  ],
  [
    'goes by what they ask for now when the decision saw it',
    ({ size, place }) => {
      size(2, '3500m');
      place(2, 2);
    },
    rule,
  ],
  [
    'counts what was there as small as it ever was, and one that is added as large as it is now',
    ({ size, tell, place }) => {
      tell(1);
      size(2, '2000m');
      place(2, 2);
    },
    undefined,
  ],
  [
    'notices one that is added where it is too large now',
    ({ size, tell, place }) => {
      tell(1);
      size(2, '3000m');
      place(2, 2);
    },
    rule,
  ],
  [
    'goes by what they ask for now when that is long known',
    ({ size, at, place }) => {
      size(2, '3500m');
      at(10_500);
      place(2, 1);
    },
    rule,
  ],
  [
    'says nothing of what the cluster has and is placed there again',
    ({ size, tell, place }) => {
      tell(2);
      place(0, 1);
      size(2, '3500m');
      place(2, 2);
    },
    undefined,
  ],
  [
    'notices what the cluster was told to give up before',
    ({ size, tell, place }) => {
      tell(2);
      place(0, 1);
      tell(undefined);
      size(2, '3500m');
      place(2, 2);
    },
    rule,
  ],
  [
    'notices room that is given back to who had it, and was given to another meanwhile',
    ({ size, tell, place }) => {
      size(1, '1000m', 'app-2');
      place(3, 1);
      tell(3);
      place(0, 1);
      place(3, 1, 'app-2');
      place(3, 1);
    },
    rule,
  ],
])('the checker of capacity %s', (_, happen, broken) => {
  const world = worldWith('1000m', 3_000);
  happen(world);
  expect(world.broken()).toBe(broken);
});
