/** @module Rules of what is told to users of workloads without a policy. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { EventText } from '../events.ts';
import { createUnselected } from './unselected.ts';

const key = 'apps/deployments/shop/web';
const web = (uid: string): KubeObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', uid } });

const watched = () => {
  const told: EventText[] = [];
  let nowMs = 0;
  const unselected = createUnselected({ record: (_object, event) => void told.push(event), sweep: async () => undefined }, () => nowMs);
  return {
    told,
    unselected,
    /** Looks until nothing is due any more, as the loop does. */
    settle: (object: KubeObject): void => {
      for (let outcome = unselected.note(key, object); outcome.outcome === 'again'; outcome = unselected.note(key, object))
        nowMs += outcome.afterMs;
    },
  };
};

test('a workload without a policy is told once, with what to apply, however often it is looked at', () => {
  const { told, settle } = watched();
  for (let look = 0; look < 3; look++) settle(web('1'));
  expect(told).toMatchObject([
    { type: 'Warning', reason: 'NoPolicy', message: expect.stringContaining('[{apiVersion: apps/v1, kind: Deployment, name: web}]') },
  ]);
});

test('nothing is told at once: its policy may follow out of the same file', () => {
  const { told, unselected } = watched();
  expect(unselected.note(key, web('1'))).toMatchObject({ outcome: 'again' });
  unselected.forget(key);
  expect(told).toEqual([]);
});

test.each([
  ['made anew', '2', false],
  ['that had a policy meanwhile', '1', true],
])('a workload %s is told again', (_which, uid, hadPolicy) => {
  const { told, unselected, settle } = watched();
  settle(web('1'));
  if (hadPolicy) unselected.forget(key);
  settle(web(uid));
  expect(told).toHaveLength(2);
});
