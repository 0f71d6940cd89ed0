/** @module Who is decided again for a template of claims. */
import { expect, it } from 'vitest';
import { builtinTypes } from '../../../shared/kube/builtin/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { createRegistry } from '../../../shared/kube/server/registry.ts';
import { createStore, memoryJournal } from '../../../shared/kube/storage/index.ts';
import { realEnv } from '../../store/testing/scratch.ts';
import { claimantsOf } from './claimants.ts';

const deployment = (name: string, template: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop' },
  spec: { template: { spec: { containers: [], resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: template }] } } },
});
const placementOf = (name: string): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Placement',
  metadata: { name, namespace: 'shop' },
  spec: { workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name }, policy: 'shop/all', clusters: [] },
});

it('names every workload that was decided on and makes claims from the template, and no other', async () => {
  const store = await createStore(memoryJournal(), { env: realEnv });
  for (const [name, template] of [
    ['mine', 'gpu'],
    ['other', 'nic'],
    ['waits', 'gpu'],
  ] as const) {
    await store.commit([{ op: 'put', key: `apps/deployments/shop/${name}`, object: deployment(name, template) }]);
    if (name !== 'waits') await store.commit([{ op: 'put', key: `hanse.dev/placements/shop/${name}`, object: placementOf(name) }]);
  }
  const template = 'resource.k8s.io/resourceclaimtemplates/shop/gpu';
  // What has no Placement has no policy, or is decided on for the first time as it is.
  expect(claimantsOf(store, createRegistry(builtinTypes()), template)).toEqual(['apps/deployments/shop/mine']);
  await store.close();
});
