/** @module What one replica asks for, as it is read from the hub's objects. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { shapeOf } from './entry.ts';

const workload = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'train', namespace: 'ml' },
  spec: {
    template: {
      spec: {
        containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }],
        resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'one' }],
      },
    },
  },
} as unknown as KubeObject;
const devices = { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] };
const template = { metadata: { name: 'one' }, spec: { spec: { devices } } } as unknown as KubeObject;
const key = 'resource.k8s.io/resourceclaimtemplates/ml/one';

test('a replica asks for the devices of the template in its namespace; without one what it asks for is not known', () => {
  const known = shapeOf(workload, { get: (asked) => (asked === key ? { object: template } : undefined) });
  expect(known?.demand.claims).toEqual([{ template: 'one', spec: { devices } }]);
  const unknown = shapeOf(workload, { get: () => undefined });
  expect(unknown?.exact).toBe(false);
  expect(unknown?.key).not.toBe(known?.key);
});
