/** @module What is told of a drain that is watched, and when waiting is over. */
import { describe, expect, it } from 'vitest';
import type { Cluster, ClusterDrainStatus, DrainStaying } from '../../shared/api/cluster.ts';
import {
  beginWatch,
  calmMsDefault,
  endOf,
  idleMsDefault,
  leftLines,
  type Patience,
  progressLine,
  see,
  unfinishedLines,
} from './drain-watch.ts';

const drained = (counts: Partial<ClusterDrainStatus>, observedGeneration = 2): Cluster => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name: 'eu' },
  spec: { drain: {} },
  status: { drain: { objects: 0, replicas: 0, stuck: 0, since: '2026-01-01T00:00:00Z', observedGeneration, ...counts } },
});
const db: DrainStaying = { kind: 'StatefulSet', namespace: 'shop', name: 'db', replicas: 3, why: 'no other cluster has room' };
const tick: DrainStaying = { kind: 'CronJob', namespace: 'shop', name: 'tick', why: 'there is no other cluster' };

describe('what is told of a drain', () => {
  it.each<readonly [string, Cluster, string | undefined]>([
    ['tells what is left', drained({ objects: 2, replicas: 5 }), 'cluster eu: 5 replicas and 2 objects left'],
    [
      'tells how much has nowhere to go',
      drained({ objects: 2, replicas: 5, stuck: 3, staying: [db] }),
      'cluster eu: 5 replicas and 2 objects left; 1 object stays, 3 replicas of which find no place elsewhere',
    ],
    [
      'counts what stays and has no replicas',
      drained({ objects: 23, staying: [tick], stayingMore: 22 }),
      'cluster eu: 0 replicas and 23 objects left; 23 objects stay',
    ],
    [
      'tells what a cluster that is not heard keeps though all of it is elsewhere',
      drained({ objects: 3, replicas: 5, kept: 3 }),
      'cluster eu is not heard: what it had (5 replicas and 3 objects) has its place elsewhere, and it keeps what is there until it is back',
    ],
    ['tells that nothing is left', drained({}), 'cluster eu is empty'],
    ['says nothing by what an earlier drain left behind', drained({}, 1), undefined],
  ])('%s', (_, cluster, line) => {
    expect(progressLine(cluster, 2)).toBe(line);
  });

  it('names what waits and what stays, with the reason of each, and counts the rest', () => {
    const web = { ...db, kind: 'Deployment', name: 'web', why: '3 replicas wait for replacements that are not Ready: us 1 of 4' };
    expect(leftLines({ waiting: [web], waitingMore: 5, staying: [db, tick], stayingMore: 2 })).toEqual([
      '  deployment/web (shop), 3 replicas: 3 replicas wait for replacements that are not Ready: us 1 of 4',
      '  and 5 more that wait',
      '  statefulset/db (shop), 3 replicas: no other cluster has room',
      '  cronjob/tick (shop): there is no other cluster',
      '  and 2 more that stay',
    ]);
  });
});

const patience: Patience = { calmMs: calmMsDefault, idleMs: idleMsDefault };
/** Sights of a cluster at these seconds, and the end that the watch would come to. */
const endAfter = (sights: readonly (readonly [number, Partial<ClusterDrainStatus>])[], timeoutSeconds?: number): readonly unknown[] => {
  let watch = beginWatch('eu', 2, 0);
  for (const [second, counts] of sights) ({ watch } = see(watch, drained(counts), second * 1_000));
  const due = endOf(watch, { ...patience, timeoutSeconds });
  return due === undefined ? ['never'] : [due.end, due.atMs / 1_000];
};
const both = { objects: 1, replicas: 2 };

describe('waiting for a drain', () => {
  it.each<readonly [string, readonly (readonly [number, Partial<ClusterDrainStatus>])[], number | undefined, readonly unknown[]]>([
    ['ends when the cluster is empty', [[3, {}]], undefined, ['empty', 3]],
    ['ends when all that a cluster which is not heard keeps is elsewhere', [[3, { ...both, kept: 1 }]], undefined, ['kept', 3]],
    ['ends soon when only that and what stays is left', [[3, { ...both, objects: 2, kept: 1, staying: [db] }]], undefined, ['stuck', 13]],
    ['goes on while not all of it is', [[3, { ...both, objects: 2, kept: 1 }]], undefined, ['idle', 63]],
    ['ends where a hub counts nothing', [], undefined, ['idle', 60]],
    [
      'ends a minute after something last left',
      [
        [1, both],
        [20, { ...both, replicas: 1 }],
        [30, { ...both, replicas: 1 }],
      ],
      undefined,
      ['idle', 80],
    ],
    [
      'has no new time from what comes back',
      [
        [1, both],
        [20, { ...both, replicas: 9 }],
        [40, both],
      ],
      undefined,
      ['idle', 61],
    ],
    ['ends soon when only what stays is left', [[1, { ...both, staying: [db] }]], undefined, ['stuck', 11]],
    [
      'begins anew as what stays changes',
      [
        [1, { ...both, staying: [db] }],
        [9, { ...both, stuck: 1, staying: [db] }],
      ],
      undefined,
      ['stuck', 19],
    ],
    [
      'ends for want of anything that leaves, however what stays changes',
      [
        [1, { ...both, staying: [db] }],
        [59, { ...both, stuck: 1, staying: [db] }],
      ],
      undefined,
      ['idle', 61],
    ],
    ['lasts as long as it is told to, whatever stays', [[1, { ...both, staying: [db] }]], 600, ['timeout', 600]],
    ['lasts for ever when it is told to', [[1, { ...both, staying: [db] }]], 0, ['never']],
    ['goes by no earlier drain', [[1, { ...both, observedGeneration: 1 }]], undefined, ['idle', 60]],
  ])('%s', (_, sights, timeoutSeconds, end) => {
    expect(endAfter(sights, timeoutSeconds)).toEqual(end);
  });

  it('says each thing once', () => {
    const first = see(beginWatch('eu', 2, 0), drained({ ...both, staying: [db] }), 0);
    expect(first.lines).toEqual(['cluster eu: 2 replicas and 1 object left; 1 object stays', expect.stringContaining('statefulset/db')]);
    expect(see(first.watch, drained({ ...both, staying: [db] }), 1).lines).toEqual([]);
    const fewer = drained({ objects: 1, replicas: 1, staying: [db] });
    expect(see(first.watch, fewer, 1).lines).toEqual(['cluster eu: 1 replica and 1 object left; 1 object stays']);
  });

  it('says for how long nothing has left', () => {
    const [line] = unfinishedLines(see(beginWatch('eu', 2, 0), drained(both), 0).watch, 'idle', idleMsDefault);
    expect(line).toBe('nothing has left for 60 seconds: 2 replicas and 1 object left in eu');
  });
});
