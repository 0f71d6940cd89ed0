/** @module The hub's status of an object, kind by kind. */
import { describe, expect, it } from 'vitest';
import { aggregateStatus, type StatusObject } from './aggregate.ts';
import type { Part, Whole } from './parts.ts';

const now = '2030-01-01T00:00:00Z';
const whole = (change: Partial<Whole> = {}): Whole => ({
  spec: { replicas: 5 },
  generation: 3,
  before: { observedGeneration: 2 },
  leaving: [],
  unplaced: 0,
  isCurrent: true,
  now,
  ...change,
});
const part = (cluster: string, status: StatusObject | undefined): Part => ({ cluster, status, isCurrent: true });
const running = (replicas: number): StatusObject => ({
  observedGeneration: 1,
  replicas,
  updatedReplicas: replicas,
  readyReplicas: replicas,
  availableReplicas: replicas,
  conditions: [
    { type: 'Available', status: 'True' },
    { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
  ],
});
const conditions = (status: StatusObject): Record<string, unknown> =>
  Object.fromEntries(
    (status.conditions as { type: string; status: string; reason: string }[]).map(({ type, status: held, reason }) => [
      type,
      `${held} ${reason}`,
    ]),
  );

describe('aggregateStatus', () => {
  it('shows the sums of a Deployment, available and complete when every cluster is', () => {
    const status = aggregateStatus('apps/Deployment', whole(), [part('a', running(3)), part('b', running(2))]);
    expect(status).toMatchObject({ observedGeneration: 3, replicas: 5, updatedReplicas: 5, readyReplicas: 5, availableReplicas: 5 });
    expect(conditions(status)).toEqual({ Available: 'True MinimumReplicasAvailable', Progressing: 'True NewReplicaSetAvailable' });
  });

  it('keeps the observed generation until every cluster has seen the newest', () => {
    expect(aggregateStatus('apps/Deployment', whole({ isCurrent: false }), [part('a', running(5))])).toMatchObject({
      observedGeneration: 2,
    });
  });

  it('is not available while replicas are unplaced or a cluster has not answered', () => {
    for (const given of [
      aggregateStatus('apps/Deployment', whole({ unplaced: 1 }), [part('a', running(4))]),
      aggregateStatus('apps/Deployment', whole(), [part('a', undefined)]),
    ]) {
      expect(conditions(given).Available).toBe('False MinimumReplicasUnavailable');
    }
  });

  it('counts what still runs where it shall end, so that a move is no outage, and none of it as updated', () => {
    const starting = { observedGeneration: 1, replicas: 5, unavailableReplicas: 5 };
    const status = aggregateStatus('apps/Deployment', whole({ leaving: [part('a', running(5))] }), [part('b', starting)]);
    expect(status).toMatchObject({ replicas: 10, readyReplicas: 5, availableReplicas: 5 });
    expect(status).not.toHaveProperty('updatedReplicas');
    expect(conditions(status).Available).toBe('True MinimumReplicasAvailable');
    const few = aggregateStatus('apps/Deployment', whole({ leaving: [part('a', running(4))] }), [part('b', starting)]);
    expect(conditions(few).Available).toBe('False MinimumReplicasUnavailable');
  });

  it('fails a rollout when one cluster gave up', () => {
    const stuck = {
      ...running(2),
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' }],
    };
    const status = aggregateStatus('apps/Deployment', whole(), [part('a', running(3)), part('b', stuck)]);
    expect(conditions(status).Progressing).toBe('False ProgressDeadlineExceeded');
    expect(JSON.stringify(status)).toContain('b: timed out');
  });

  it('says nothing new twice: the same answers give the same status', () => {
    const first = aggregateStatus('apps/Deployment', whole(), [part('a', running(5))]);
    expect(aggregateStatus('apps/Deployment', whole({ before: first, now: '2030-01-01T00:05:00Z' }), [part('a', running(5))])).toEqual(
      first,
    );
  });

  it('says of a StatefulSet that it updates while one cluster does', () => {
    const set = (current: string, update: string): StatusObject => ({
      replicas: 1,
      readyReplicas: 1,
      currentRevision: current,
      updateRevision: update,
    });
    const updating = aggregateStatus('apps/StatefulSet', whole(), [part('a', set('w-2', 'w-2')), part('b', set('w-1', 'w-9'))]);
    expect(updating.currentRevision).not.toBe(updating.updateRevision);
    const complete = aggregateStatus('apps/StatefulSet', whole(), [part('a', set('w-2', 'w-2')), part('b', set('w-9', 'w-9'))]);
    expect(complete.currentRevision).toBe(complete.updateRevision);
  });

  it('tells which indexes of an Indexed Job are done where one cluster has it, and none where several have copies', () => {
    const done = { active: 1, succeeded: 2, completedIndexes: '0,2', failedIndexes: '1' };
    expect(aggregateStatus('batch/Job', whole(), [part('a', done)])).toMatchObject({ completedIndexes: '0,2', failedIndexes: '1' });
    expect(aggregateStatus('batch/Job', whole(), [part('a', done), part('b', done)])).not.toHaveProperty('completedIndexes');
  });

  it('completes a Job when every part is complete, and fails it when one failed', () => {
    const ended = (type: string): StatusObject => ({
      succeeded: 2,
      startTime: '2030-01-01T00:00:01Z',
      completionTime: '2030-01-01T00:00:09Z',
      conditions: [{ type, status: 'True', reason: 'R', message: 'm' }],
    });
    const complete = aggregateStatus('batch/Job', whole(), [part('a', ended('Complete')), part('b', ended('Complete'))]);
    expect(complete).toMatchObject({ succeeded: 4, completionTime: '2030-01-01T00:00:09Z' });
    expect(Object.keys(conditions(complete))).toContain('Complete');
    expect(
      Object.keys(conditions(aggregateStatus('batch/Job', whole(), [part('a', ended('Complete')), part('b', ended('Failed'))]))),
    ).toEqual(['Failed']);
    expect(aggregateStatus('batch/Job', whole(), [part('a', ended('Complete')), part('b', { active: 1 })])).not.toHaveProperty(
      'conditions',
    );
  });

  it.each<[string, readonly StatusObject[], StatusObject]>([
    [
      '/Service',
      [{ loadBalancer: { ingress: [{ ip: '2.2.2.2' }] } }, { loadBalancer: { ingress: [{ ip: '1.1.1.1' }] } }],
      { loadBalancer: { ingress: [{ ip: '1.1.1.1' }, { ip: '2.2.2.2' }] } },
    ],
    ['/PersistentVolumeClaim', [{ phase: 'Bound' }, { phase: 'Pending' }], { phase: 'Pending' }],
    ['/PersistentVolumeClaim', [{ phase: 'Bound', capacity: { storage: '1Gi' } }], { phase: 'Bound', capacity: { storage: '1Gi' } }],
    [
      'apps/DaemonSet',
      [
        { desiredNumberScheduled: 3, numberReady: 3 },
        { desiredNumberScheduled: 2, numberReady: 1 },
      ],
      { observedGeneration: 3, desiredNumberScheduled: 5, numberReady: 4, currentNumberScheduled: 0, numberMisscheduled: 0 },
    ],
  ])('speaks of a %s in its own terms', (kind, parts, expected) => {
    expect(
      aggregateStatus(
        kind,
        whole(),
        parts.map((status, at) => part(`c${at}`, status)),
      ),
    ).toEqual(expected);
  });
});
