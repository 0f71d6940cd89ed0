/** @module The rules of aggregation. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../object.ts';
import { aggregated } from './index.ts';

const role = (name: string, fields: object, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name, labels },
  ...fields,
});
const rule = (resource: string): object => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });
const toView = { 'rbac.example.com/aggregate-to-view': 'true' };

describe('aggregated ClusterRoles', () => {
  const view = role('view', { aggregationRule: { clusterRoleSelectors: [{ matchLabels: toView }] }, rules: [rule('secrets')] }, toView);
  const others = [
    role('b', { rules: [rule('pods'), rule('services')] }, toView),
    role('a', { rules: [rule('pods')] }, toView),
    role('c', { rules: [rule('nodes')] }),
  ];

  it('hold the rules of all roles they choose, each once, and none of their own', () => {
    expect(aggregated(view, [view, ...others])).toEqual({ ...view, rules: [rule('pods'), rule('services')] });
  });

  it('are the same object when nothing changes', () => {
    const settled = aggregated(view, others);
    expect(aggregated(settled, [...others].reverse())).toBe(settled);
  });

  it('leave other roles alone', () => {
    const plain = role('plain', { rules: [rule('pods')] });
    expect(aggregated(plain, others)).toBe(plain);
  });
});
