/** @module What the table of Clusters shows. */
import { expect, it } from 'vitest';
import { clusterType } from './cluster-type.ts';

it.each([
  ['what the agent learnt', {}, { 'hanse.dev/provider': 'aws', 'topology.kubernetes.io/region': 'eu-west-1' }, ['aws', 'eu-west-1']],
  ['what the operator says before it', { 'hanse.dev/provider': 'own' }, { 'hanse.dev/provider': 'aws' }, ['own', '<none>']],
  ['nothing while nobody knows', {}, undefined, ['<none>', '<none>']],
])('the columns of provider and region show %s', (_, labels, learnt, shown) => {
  const cluster = {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'eu', labels },
    spec: {},
    status: learnt === undefined ? {} : { labels: learnt },
  };
  expect(clusterType.cells(cluster, 0).slice(3, 5)).toEqual(shown);
});

it.each([
  ['Ready where the others can tell its death', { status: 'True', reason: 'Watched' }, 'Ready'],
  ['what lacks where they cannot', { status: 'False', reason: 'NoProbes' }, 'NoProbes'],
])('the wide column of failover shows %s', (_, found, shown) => {
  const condition = { type: 'FailoverReady', message: '', lastTransitionTime: '2030-01-01T00:00:00Z', ...found };
  const cluster = { apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'eu' }, status: { conditions: [condition] } };
  const at = clusterType.columns.findIndex(({ name, priority }) => name === 'Failover' && priority === 1);
  expect(clusterType.cells(cluster, 0)[at]).toBe(shown);
});

it.each([
  ['Ready,Drained while it is emptied', {}, 'Ready,Drained'],
  ['Ready without a drain', undefined, 'Ready'],
])('the table says %s', (_, drain, shown) => {
  const conditions = [{ type: 'Ready', status: 'True', reason: 'Ready', message: '', lastTransitionTime: '' }];
  const cluster = {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'eu' },
    spec: { admission: 'Approved', ...(drain === undefined ? {} : { drain }) },
    status: { agent: { publicKey: 'U' }, conditions },
  };
  expect(clusterType.cells(cluster, 0)[1]).toBe(shown);
});

it.each([
  [
    'those of the operator, of a drain and of its health',
    { drain: {}, taints: [{ key: 'own', effect: 'NoExecute' }] },
    true,
    'own:NoExecute,hanse.dev/drain:NoSchedule,hanse.dev/drain:NoExecute,hanse.dev/not-ready:NoSchedule',
  ],
  ['none where nothing keeps replicas away', {}, false, '<none>'],
])('the wide column of taints shows %s', (_, spec, isSilent, shown) => {
  const status = isSilent ? { taints: [{ key: 'hanse.dev/not-ready', effect: 'NoSchedule' }] } : {};
  const cluster = { apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name: 'eu' }, spec, status };
  const at = clusterType.columns.findIndex(({ name }) => name === 'Taints');
  expect(clusterType.cells(cluster, 0)[at]).toBe(shown);
});
