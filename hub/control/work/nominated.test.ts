/** @module What a cluster is told of nodes that are kept for replicas: over the real loops. */
import { expect, it } from 'vitest';
import type { StoredPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { startTestHub } from '../testing/test-hub.ts';
import { deployments, policiesType, until } from '../testing/web-story.ts';

const goldId = 'apps=deployments=shop=gold';

const deployment = (name: string, replicas: number, cpu: string, priorityClassName?: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        ...(priorityClassName === undefined ? {} : { priorityClassName }),
        containers: [{ name: 'c', image: 'nginx:1', resources: { requests: { cpu } } }],
      },
    },
  },
});

it('the agent hears which node is kept for a replica that others make room for, with what it is to run, and nothing of others', async () => {
  const hub = await startTestHub({ home: 12 });
  const home = hub.fleet.agent('home');
  Object.assign(home, { nodeCores: 4, tellsNodes: true });
  await hub.client.create(
    { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' },
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 100 },
  );
  await hub.client.create(policiesType, {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { name: 'all', namespace: 'shop' },
    spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }], preemption: 'LowerPriority' },
  });
  await hub.client.create(deployments, deployment('small', 12, '1'));
  await until(() => expect(hub.control().directory.get('home')?.report?.present['apps=deployments=shop=small']?.bound).toBe(12));
  await hub.client.create(deployments, deployment('gold', 1, '4', 'high'));
  await until(() => expect(home.taken.some(({ id }) => id === goldId)).toBe(true));
  const placement = hub.store.get('hanse.dev/placements/shop/gold-deployment')?.object as StoredPlacement | undefined;
  const [kept] = placement?.spec.clusters[0]?.nominated ?? [];
  expect(kept?.node).toMatch(/^home-node-/);
  expect(home.taken.filter(({ id }) => id === goldId).map(({ nominated }) => nominated)).toEqual([[{ node: kept?.node, replicas: 1 }]]);
  expect(home.taken.filter(({ id, nominated }) => id !== goldId && nominated !== undefined)).toEqual([]);
});
