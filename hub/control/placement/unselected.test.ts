/** @module Rules of what is told to users of workloads without a policy. */
import { expect, test } from 'vitest';
import type { PolicySpec } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { compilePolicy } from '../../../shared/placement/index.ts';
import type { EventText } from '../events.ts';
import { createUnselected, unselectedText } from './unselected.ts';

const key = 'apps/deployments/shop/web';
const web = (uid: string): KubeObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', uid } });

const watched = () => {
  const told: EventText[] = [];
  let nowMs = 0;
  const unselected = createUnselected(
    { record: (_object, event) => void told.push(event), sweep: async () => undefined },
    { all: () => [] },
    () => nowMs,
  );
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

const policy = (id: string, ...resourceSelectors: PolicySpec['resourceSelectors']) => {
  const [namespace = '', name = ''] = id.includes('/') ? id.split('/') : ['', id];
  return compilePolicy(namespace, name, { resourceSelectors });
};
const deployments = { apiVersion: 'apps/v1', kind: 'Deployment' };

test.each([
  [
    'none',
    [],
    'no policy selects it, neither one of namespace shop nor a cluster-wide one, so it runs in no cluster: apply a PlacementPolicy',
  ],
  [
    'another name',
    [policy('shop/api', { ...deployments, name: 'api' })],
    '; nearest is shop/api, but it selects the Deployment of the name api:',
  ],
  [
    'other labels',
    [
      policy('shop/all', { ...deployments, labelSelector: { matchLabels: { a: 'b' } } }),
      policy('shop/db', { apiVersion: 'apps/v1', kind: 'StatefulSet' }),
    ],
    '; nearest is shop/all, but its labelSelector asks for other labels than the Deployment has:',
  ],
  [
    'another kind',
    [policy('shop/db', { apiVersion: 'apps/v1', kind: 'StatefulSet' })],
    '; nearest is shop/db, but it selects kind StatefulSet:',
  ],
  [
    'another version',
    [policy('old', { ...deployments, apiVersion: 'apps/v1beta1' })],
    '; nearest is old, but it selects Deployment of apps/v1beta1:',
  ],
  [
    'another namespace',
    [policy('default/web', { ...deployments, name: 'web' })],
    '; nearest is default/web, but it governs namespace default:',
  ],
  ['nothing of it', [policy('default/db', { apiVersion: 'apps/v1', kind: 'StatefulSet' })], 'so it runs in no cluster: apply'],
])('what a policy comes nearest with is told: %s', (_what, policies, text) => {
  expect(unselectedText(web('1'), policies)).toContain(text);
});
