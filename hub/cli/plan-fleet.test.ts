/** @module What of the files goes along with a workload, as an offline plan tells it. */
import { expect, test } from 'vitest';
import { planAnswer } from '../../shared/plan/index.ts';
import { planOffline } from './plan-fleet.ts';
import { planLines } from './plan-text.ts';

const policy = (spec: object = {}) => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }], ...spec },
});
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { serviceAccountName: 'robot', containers: [{ name: 'c', image: 'nginx:1', envFrom: [{ configMapRef: { name: 'cfg' } }] }] },
    },
  },
};
const core = (kind: string, name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop' },
  ...more,
});
const others = [
  core('ConfigMap', 'cfg'),
  core('ConfigMap', 'stray'),
  core('ServiceAccount', 'robot', { imagePullSecrets: [{ name: 'pull' }] }),
  core('Secret', 'pull'),
  core('Service', 'web', { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }),
];
const told = (spec?: object): string[] => {
  const made = planOffline({ clusters: {}, objects: [policy(spec), web, ...others] }, { nowMs: 0 });
  if (!made.ok) throw new Error(made.message);
  return planLines(planAnswer(made.value), { isWhole: false, isColoured: false }).slice(-2);
};

test('what the workload of a file needs is said to follow it; only what nothing takes along has no policy', () => {
  expect(told()).toEqual([
    'configmap/cfg, secret/pull, serviceaccount/robot, service/web follow deployment/web (shop), which needs them',
    'no policy selects configmap/stray',
  ]);
});

test('under a policy that takes nothing along, nothing follows', () => {
  expect(told({ propagateDependencies: false })).toEqual([
    expect.stringContaining(' unplaced'),
    'no policy selects configmap/cfg, secret/pull, serviceaccount/robot, configmap/stray, service/web',
  ]);
});
