/** @module Which objects stay with their cluster, and why. */
import { expect, it } from 'vitest';
import type { KubeObject } from '../kube/object.ts';
import { whyOwn } from './own-objects.ts';

type Case = readonly [apiVersion: string, kind: string, namespace: string, name: string, more?: Partial<KubeObject>];

const objectOf = ([apiVersion, kind, namespace, name, more = {}]: Case): KubeObject => ({
  apiVersion,
  kind,
  ...more,
  metadata: { name, ...(namespace === '' ? {} : { namespace }), ...more.metadata },
});
const objectsOf = (...cases: readonly Case[]): KubeObject[] => cases.map(objectOf);
const bootstrap = { name: 'edit', labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } };
const rbac = 'rbac.authorization.k8s.io/v1';

it.each(
  objectsOf(
    ['v1', 'ConfigMap', 'shop', 'kube-root-ca.crt'],
    ['v1', 'ServiceAccount', 'shop', 'default'],
    ['v1', 'Service', 'default', 'kubernetes'],
    ['v1', 'Namespace', '', 'kube-system'],
    ['v1', 'Namespace', '', 'default'],
    ['scheduling.k8s.io/v1', 'PriorityClass', '', 'system-node-critical'],
    [rbac, 'ClusterRole', '', 'edit', { metadata: bootstrap }],
  ),
)('every cluster makes its own: $kind $metadata.namespace/$metadata.name', (object) => {
  expect(whyOwn(object)).toBe('every cluster makes its own');
});

it.each(
  objectsOf(
    ['v1', 'Endpoints', 'default', 'kubernetes'],
    ['discovery.k8s.io/v1', 'EndpointSlice', 'shop', 'web-x1'],
    ['v1', 'Event', 'shop', 'e'],
    ['coordination.k8s.io/v1', 'Lease', 'shop', 'leader'],
    ['v1', 'Secret', 'kube-system', 'bootstrap-token-abcdef'],
    ['hanse.dev/v1alpha1', 'JoinToken', '', 'a'],
  ),
)("the hub's own: $kind $metadata.namespace/$metadata.name", (object) => {
  expect(whyOwn(object)).toBe("it is the hub's own");
});

it('a token of a ServiceAccount, whatever its name', () => {
  expect(whyOwn(objectOf(['v1', 'Secret', 'shop', 'robot', { type: 'kubernetes.io/service-account-token' }]))).toMatch(
    /only at the cluster that signed it/,
  );
});

it.each(
  objectsOf(
    ['v1', 'ConfigMap', 'shop', 'web'],
    ['v1', 'ServiceAccount', 'shop', 'robot'],
    ['v1', 'Service', 'shop', 'kubernetes'],
    ['v1', 'Secret', 'shop', 'tls', { type: 'kubernetes.io/tls' }],
    ['v1', 'Namespace', '', 'shop'],
    ['scheduling.k8s.io/v1', 'PriorityClass', '', 'high'],
    [rbac, 'ClusterRole', '', 'reader'],
    ['example.com/v1', 'ConfigMap', 'shop', 'kube-root-ca.crt'],
  ),
)('a policy may select $kind $metadata.namespace/$metadata.name', (object) => {
  expect(whyOwn(object)).toBeUndefined();
});
