/** @module One Deployment `shop/web` with its policy, and what becomes of it: told by the tests of the loops together. */
import { vi } from 'vitest';
import type { StoredPlacement } from '../../../shared/api/index.ts';
import type { ObjectAddress } from '../../../shared/kube/client/port.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { TestHub } from './test-hub.ts';

export const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
export const policiesType = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' };
export const webPlacement = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placements', namespace: 'shop', name: 'web-deployment' };
export const clusterAt = (name: string): ObjectAddress => ({ group: 'hanse.dev', version: 'v1alpha1', resource: 'clusters', name });
export const web: ObjectAddress = { ...deployments, namespace: 'shop', name: 'web' };

export const deployment = (replicas: number, more: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'nginx:1', resources: { requests: { cpu: '1' } } }], ...more },
    },
  },
});

export const policy = (spec: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }], ...spec },
});

export const tiers = [
  { name: 'idc', clusterSelector: { matchLabels: { 'hanse.dev/provider': 'onprem' } } },
  { name: 'cloud', clusterSelector: { matchExpressions: [{ key: 'hanse.dev/provider', operator: 'In', values: ['aws', 'gcp'] }] } },
];

export const soon = { timeout: 30_000, interval: 20 };
export const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, soon);
export const workId = 'apps=deployments=shop=web';
export const placedAt = ({ store }: TestHub): Record<string, number | undefined> => {
  const placement = store.get('hanse.dev/placements/shop/web-deployment')?.object as StoredPlacement | undefined;
  return Object.fromEntries((placement?.spec.clusters ?? []).map(({ name, replicas }) => [name, replicas]));
};
export const runningAt = ({ fleet }: TestHub, name: string): number | undefined =>
  (fleet.agent(name).objects.get(workId)?.spec as { replicas?: number } | undefined)?.replicas;
export const scale = ({ client }: TestHub, replicas: number): Promise<KubeObject> =>
  client.patch(web, 'application/merge-patch+json', { spec: { replicas } });
