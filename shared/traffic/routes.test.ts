/** @module Which weights of a route are set, and which routes are left alone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../kube/object.ts';
import { applyJsonPatch } from '../kube/patch/index.ts';
import { importBackendsOf, routePatch } from './routes.ts';

const backend = (name: string, weight?: number) => ({
  group: 'multicluster.x-k8s.io',
  kind: 'ServiceImport',
  name,
  port: 80,
  ...(weight === undefined ? {} : { weight }),
});
const routeOf = (...rules: readonly (readonly object[])[]): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'r', namespace: 'shop' },
  spec: { rules: rules.map((backendRefs) => ({ matches: [{ path: { value: '/' } }], backendRefs })) },
});
const weightsOf = (known: Readonly<Record<string, number>>) => new Map(Object.entries(known));
const patched = (route: KubeObject, known: Readonly<Record<string, number>>): string =>
  routePatch(importBackendsOf(route), weightsOf(known))
    .map(({ op, path, value }) => `${op} ${path} ${value}`)
    .join('; ');

describe('weights of routes', () => {
  it('are set where all backends of a rule are imports of single clusters', () => {
    expect(patched(routeOf([backend('web-a', 1), backend('web-b')]), { 'shop/web-a': 7, 'shop/web-b': 0 })).toBe(
      'test /spec/rules/0/backendRefs/0/name web-a; add /spec/rules/0/backendRefs/0/weight 7; test /spec/rules/0/backendRefs/1/name web-b; add /spec/rules/0/backendRefs/1/weight 0',
    );
  });
  it.each([
    ['have their weights', routeOf([backend('web-a', 7)]), { 'shop/web-a': 7 }],
    ['would all be zero', routeOf([backend('web-a', 7)]), { 'shop/web-a': 0 }],
    ['name an import that is not of one cluster', routeOf([backend('web-a'), backend('web')]), { 'shop/web-a': 7 }],
    ['name no import', routeOf([{ name: 'web', port: 80 }]), {}],
    ['are not such as routes have them', { ...routeOf(), spec: { rules: 'x' } }, {}],
  ])('are left alone where backends %s', (_, route, known: Readonly<Record<string, number>>) => {
    expect(patched(route, known)).toBe('');
  });
  it('of backends in another namespace go by that namespace', () => {
    expect(patched(routeOf([{ ...backend('web-a', 1), namespace: 'other' }]), { 'other/web-a': 9 })).toContain('weight 9');
  });
  it('set nothing but weights, and nothing at all when the route has changed meanwhile', () => {
    const drawn = fc.array(fc.constantFrom('web-a', 'web-b', 'web', ''), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 3 }), (rules, a, b) => {
        const route = routeOf(...rules.map((names) => names.map((name) => (name === '' ? { name: 'plain', port: 80 } : backend(name, 5)))));
        const patch = routePatch(importBackendsOf(route), weightsOf({ 'shop/web-a': a, 'shop/web-b': b }));
        const strip = (value: unknown): string => JSON.stringify(value, (key, inner) => (key === 'weight' ? undefined : inner));
        const after = applyJsonPatch(route, patch);
        expect(after.ok && strip(after.value)).toBe(strip(route));
        const [first] = patch;
        if (first === undefined) return;
        const renamed = JSON.parse(JSON.stringify(route).replaceAll('web-', 'other-')) as KubeObject;
        expect(applyJsonPatch(renamed, patch).ok).toBe(false);
      }),
    );
  });
});
