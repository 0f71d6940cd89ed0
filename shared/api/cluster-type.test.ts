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
