/** @module What a workload names. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { keyOfWorkId, workIdOf } from '../kinds.ts';
import { governingServiceOf, referencesOf, requiredReferencesOf, serviceSelects } from './references.ts';

const workload = (spec: Record<string, unknown>, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template: { metadata: { labels }, spec } },
});

describe('referencesOf', () => {
  it.each<[string, Record<string, unknown>, readonly string[]]>([
    [
      'volumes',
      { volumes: [{ configMap: { name: 'c' } }, { secret: { secretName: 's' } }, { persistentVolumeClaim: { claimName: 'p' } }] },
      ['/configmaps/shop/c', '/persistentvolumeclaims/shop/p', '/secrets/shop/s'],
    ],
    [
      'templates of claims of devices',
      {
        resourceClaims: [
          { name: 'g', resourceClaimTemplateName: 't' },
          { name: 'h', resourceClaimName: 'shared' },
        ],
      },
      ['resource.k8s.io/resourceclaimtemplates/shop/t'],
    ],
    [
      'projected volumes',
      { volumes: [{ projected: { sources: [{ configMap: { name: 'c' } }, { secret: { name: 's' } }] } }] },
      ['/configmaps/shop/c', '/secrets/shop/s'],
    ],
    [
      'environment of containers and init containers',
      {
        initContainers: [{ envFrom: [{ configMapRef: { name: 'c' } }] }],
        containers: [{ env: [{ valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }],
      },
      ['/configmaps/shop/c', '/secrets/shop/s'],
    ],
    [
      'pull secrets and the service account',
      { imagePullSecrets: [{ name: 's' }], serviceAccountName: 'robot' },
      ['/secrets/shop/s', '/serviceaccounts/shop/robot'],
    ],
    ['nothing that every namespace has', { serviceAccountName: 'default', volumes: [{ configMap: { name: 'kube-root-ca.crt' } }] }, []],
  ])('finds %s', (_, spec, expected) => {
    expect(referencesOf(workload(spec))).toEqual(expected);
  });

  it('tells what may be missing from what may not', () => {
    const spec = {
      volumes: [{ configMap: { name: 'c', optional: true } }, { projected: { sources: [{ secret: { name: 'p', optional: true } }] } }],
      containers: [
        { envFrom: [{ secretRef: { name: 's' } }], env: [{ valueFrom: { configMapKeyRef: { name: 'k', key: 'x', optional: true } } }] },
      ],
    };
    expect(referencesOf(workload(spec))).toHaveLength(4);
    expect(requiredReferencesOf(workload(spec))).toEqual(['/secrets/shop/s']);
  });

  it('starts pods of a StatefulSet without the Service that governs it, and takes it along all the same', () => {
    const db: KubeObject = {
      ...workload({ volumes: [{ configMap: { name: 'c' } }] }),
      kind: 'StatefulSet',
      spec: { serviceName: 'db', template: { spec: { volumes: [{ configMap: { name: 'c' } }] } } },
    };
    expect([referencesOf(db), requiredReferencesOf(db), governingServiceOf(db)]).toEqual([
      ['/configmaps/shop/c', '/services/shop/db'],
      ['/configmaps/shop/c'],
      ['/services/shop/db'],
    ]);
  });

  it('finds a Service by its selector, which must be a part of the pod labels', () => {
    const service = (selector: Record<string, string>): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'shop' },
      spec: { selector },
    });
    const web = workload({}, { app: 'web', tier: 'front' });
    expect(
      [{ app: 'web' }, { app: 'api' }, {}].map((selector) => serviceSelects(service(selector as Record<string, string>), web)),
    ).toEqual([true, false, false]);
  });
});

describe('workIdOf', () => {
  it.each(['apps/deployments/shop/web', '/configmaps/shop/kube-root-ca.crt', 'rbac.authorization.k8s.io/clusterroles//system:a_b'])(
    'can be read back: %s',
    (key) => {
      expect(workIdOf(key)).toMatch(/^[A-Za-z0-9_=-]{1,200}$/);
      expect(keyOfWorkId(workIdOf(key))).toBe(key);
    },
  );

  it('is a hash where the key is too long, and says that it cannot be read back', () => {
    const id = workIdOf(`apps/deployments/shop/${'x'.repeat(253)}`);
    expect(id.length).toBeLessThanOrEqual(200);
    expect(keyOfWorkId(id)).toBeUndefined();
  });
});
