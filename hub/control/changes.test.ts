/** @module Which changes of an object mean something to the loops. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { Change, Stored } from '../../shared/kube/storage/index.ts';
import { hasFinished, isContentChange, movesWork, observesMore } from './changes.ts';
import { placementFinalizer } from './placement/names.ts';

const storedOf = (object: KubeObject): Stored => ({ key: 'k', revision: 1, object, json: '' });
const changeOf = (before: KubeObject | undefined, after: KubeObject): Change => ({
  revision: 2,
  op: 'put',
  key: 'k',
  current: storedOf(after),
  previous: before === undefined ? undefined : storedOf(before),
});
const web: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', uid: 'u', generation: 1, labels: { app: 'web' } },
  spec: { replicas: 1 },
};
const withMetadata = (object: KubeObject, metadata: Partial<KubeObject['metadata']>): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, ...metadata },
});

describe('a change of content', () => {
  it.each<[string, KubeObject, KubeObject, boolean]>([
    ['of the spec', web, { ...web, spec: { replicas: 2 } }, true],
    ['of a field that comes', web, { ...web, data: {} }, true],
    ['of a field that goes', { ...web, data: {} }, web, true],
    ['of labels', web, withMetadata(web, { labels: { app: 'api' } }), true],
    ['of a deletion', web, withMetadata(web, { deletionTimestamp: '2030-01-01T00:00:00Z' }), true],
    ['of a foreign finalizer', web, withMetadata(web, { finalizers: ['other'] }), true],
    ['not of status', web, { ...web, status: { replicas: 1 } }, false],
    ['not of an equal spec', web, { ...web, spec: { replicas: 1 } }, false],
    ['not of a revision', web, withMetadata(web, { resourceVersion: '9' }), false],
    ['not of being held from now on', web, withMetadata(web, { finalizers: [placementFinalizer] }), false],
  ])('%s', (_, before, after, expected) => {
    expect(isContentChange(changeOf(before, after))).toBe(expected);
  });

  it('is also what is new or gone', () => {
    expect(isContentChange(changeOf(undefined, web))).toBe(true);
    expect(isContentChange({ ...changeOf(web, web), op: 'delete' })).toBe(true);
  });
});

describe('a change of a Placement', () => {
  const placement: KubeObject = {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'Placement',
    metadata: { name: 'web-deployment', namespace: 'shop', uid: 'p', generation: 1 },
    spec: { workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' }, policy: 'shop/all', clusters: [] },
    status: { unplaced: 0, reason: 'Placed' },
  };
  it.each<[string, KubeObject, boolean]>([
    ['moves work when it is placed elsewhere', { ...placement, spec: { ...(placement.spec as object), clusters: [{ name: 'a' }] } }, true],
    [
      'moves work when a lost cluster is owed something',
      { ...placement, status: { unplaced: 0, owed: [{ name: 'a', replicas: 1 }] } },
      true,
    ],
    ['moves work when replicas find no place', { ...placement, status: { unplaced: 1 } }, true],
    [
      'moves work when a decision leaves something where it was',
      { ...placement, status: { unplaced: 0, staying: [{ name: 'a', reason: 'Deselected' }] } },
      true,
    ],
    ['moves work when the completions of a divided Job wait', { ...placement, status: { unplaced: 0, binding: 'completions' } }, true],
    ['moves nothing when another term binds', { ...placement, status: { unplaced: 0, binding: 'capacity' } }, false],
    ['moves work when it is another Placement of the same name', withMetadata(placement, { uid: 'q' }), true],
    ['moves nothing when clusters answered', { ...placement, status: { unplaced: 0, reason: 'Placed', conditions: [] } }, false],
  ])('%s', (_, after, expected) => {
    expect(movesWork(changeOf(placement, after))).toBe(expected);
  });

  it('tells of the object when only the generation is another one, so that what clusters have answered counts', () => {
    const observing = (observedGeneration: number): KubeObject => ({
      ...placement,
      status: { ...(placement.status as object), observedGeneration },
    });
    const newer = changeOf(observing(1), observing(2));
    expect([movesWork(newer), observesMore(newer), observesMore(changeOf(observing(2), observing(2)))]).toEqual([false, true, false]);
  });
});

it('a Job gives its room back when it ends, once', () => {
  const job: KubeObject = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'sums' }, spec: {} };
  const ended = { ...job, status: { conditions: [{ type: 'Complete', status: 'True' }] } };
  expect([changeOf(job, ended), changeOf(ended, ended), changeOf(job, job)].map(hasFinished)).toEqual([true, false, false]);
});
