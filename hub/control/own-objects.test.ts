/** @module What every cluster makes for itself goes to none, over a real store and API server with agents in the small. */
import { describe, expect, it, vi } from 'vitest';
import { keptExplanation, storedPlacement } from '../../shared/api/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { workIdOf } from './kinds.ts';
import { startTestHub, type TestHub } from './testing/test-hub.ts';

const policiesType = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' };
const coreType = (resource: string) => ({ group: '', version: 'v1', resource });
const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 20 });

const started = (): Promise<TestHub> => startTestHub({ home: 20 });

const inShop = (kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop' },
  ...more,
});
const rootCa = inShop('ConfigMap', 'kube-root-ca.crt', { data: { 'ca.crt': 'PEM of the hub' } });
const token = inShop('Secret', 'robot', {
  type: 'kubernetes.io/service-account-token',
  metadata: { name: 'robot', namespace: 'shop', annotations: { 'kubernetes.io/service-account.name': 'default' } },
});
const policy = (...resourceSelectors: object[]): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'all', namespace: 'shop' },
  spec: { resourceSelectors, adopt: 'Always' },
});
const placementKey = 'hanse.dev/placements/shop/kube-root-ca.crt-configmap';
const toldOn = ({ store }: TestHub, name: string): unknown[] =>
  store.list('/events/').flatMap(({ object }) => ((object.involvedObject as { name: string }).name === name ? [object.message] : []));

describe('what every cluster makes for itself', () => {
  it('is selected by no policy of its kind; what else is of the kind is', async () => {
    const it = await started();
    await it.client.create(coreType('configmaps'), rootCa);
    await it.client.create(coreType('serviceaccounts'), inShop('ServiceAccount', 'default'));
    await it.client.create(policiesType, policy(...['ConfigMap', 'ServiceAccount'].map((kind) => ({ apiVersion: 'v1', kind }))));
    await it.client.create(coreType('configmaps'), inShop('ConfigMap', 'web', { data: { a: '1' } }));
    await until(() => expect([...it.fleet.agent('home').objects.keys()]).toEqual(['=configmaps=shop=web']));
    await until(() => expect(it.control().pending()).toBe(0));
    expect([...it.fleet.agent('home').objects.keys()]).toEqual(['=configmaps=shop=web']);
    expect(toldOn(it, 'kube-root-ca.crt')).toEqual([]);
  });

  it('is told why it goes nowhere when a policy names it', { timeout: 20_000 }, async () => {
    const it = await started();
    await it.client.create(coreType('configmaps'), rootCa);
    await it.client.create(policiesType, policy({ apiVersion: 'v1', kind: 'ConfigMap', name: 'kube-root-ca.crt' }));
    await until(() =>
      expect(toldOn(it, 'kube-root-ca.crt')).toEqual(['no policy may select it, and it follows no workload: every cluster makes its own']),
    );
  });

  it.each([
    ['a policy still selects it', true],
    ['its policy is gone', false],
  ])('is taken back when an earlier version sent it and %s', async (_, isSelected) => {
    const it = await started();
    const made = await it.client.create(coreType('configmaps'), rootCa);
    const selectors = [{ apiVersion: 'v1', kind: 'ConfigMap' }];
    if (isSelected) await it.client.create(policiesType, policy(...selectors));
    const key = '/configmaps/shop/kube-root-ca.crt';
    const id = workIdOf(key);
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'kube-root-ca.crt' };
    await it.fleet.bus.publishWork({
      ...{ v: 1, cluster: 'home', id, seq: 1, op: 'apply', adopt: 'Always' },
      ref: { ...ref, resource: 'configmaps' },
      object: rootCa,
    });
    const placement = {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Placement',
      metadata: { name: 'kube-root-ca.crt-configmap', namespace: 'shop', uid: 'p', generation: 1 },
      spec: { workload: ref, policy: 'shop/all', clusters: [{ name: 'home' }] },
      status: { explained: keptExplanation([]) },
    };
    const held = { ...made, metadata: { ...made.metadata, finalizers: ['hanse.dev/placement'] } };
    await it.store.commit([
      { op: 'put', key, object: held },
      { op: 'put', key: placementKey, object: placement },
    ]);
    await it.restart();
    await until(() => expect(it.fleet.agent('home').taken.at(-1)).toMatchObject({ id, op: 'withdraw' }));
    await until(() => expect(it.store.get(placementKey)).toBeUndefined());
    await until(() => expect(it.fleet.published()).toEqual([]));
    expect(it.store.get(key)?.object.metadata.finalizers ?? []).toEqual([]);
  });

  it('does not follow a workload that names it, and its user is told that pods wait for it', async () => {
    const it = await started();
    await it.client.create(coreType('secrets'), token);
    await it.client.create(policiesType, policy({ apiVersion: 'apps/v1', kind: 'Deployment' }));
    const volumes = [{ name: 't', secret: { secretName: 'robot' } }];
    await it.client.create(
      { group: 'apps', version: 'v1', resource: 'deployments' },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: 'shop' },
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { volumes, containers: [{ name: 'c', image: 'nginx:1' }] } },
        },
      },
    );
    await until(() => expect([...it.fleet.agent('home').objects.keys()]).toEqual(['apps=deployments=shop=web']));
    await until(() =>
      expect(toldOn(it, 'web')).toContainEqual(expect.stringContaining("the hub's own, which go to no cluster: secrets/robot")),
    );
    expect(storedPlacement(it.store.get('hanse.dev/placements/shop/web-deployment')?.object as KubeObject).spec.clusters).toHaveLength(1);
    expect([...it.fleet.agent('home').objects.keys()]).toEqual(['apps=deployments=shop=web']);
  });
});
