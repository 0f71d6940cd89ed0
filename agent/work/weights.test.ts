/** @module Rules of routes, whose weights traffic decides and work repeats. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { bagOf, bagsOf } from '../../shared/lib/fields.ts';
import { applyItem } from '../testing/items.ts';
import { workBench } from '../testing/work-bench.ts';

const target = 'gateway.networking.k8s.io/httproutes/shop/web';
const backend = (name: string, weight: number) => ({ group: 'multicluster.x-k8s.io', kind: 'ServiceImport', name, port: 80, weight });
const route = (...rules: readonly (readonly object[])[]): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { rules: rules.map((backendRefs) => ({ backendRefs })) },
});
const asTheHubHasIt = route([backend('web-ap', 1), backend('web-eu', 1)]);
const weightsOf = (object: KubeObject | undefined): string =>
  bagsOf(bagOf(object?.spec).rules)
    .map(({ backendRefs }) =>
      bagsOf(backendRefs)
        .map(({ weight }) => weight)
        .join(' '),
    )
    .join(', ');

const opened = () => {
  const bench = workBench();
  const says = (weights: Readonly<Record<string, number>>): void =>
    bench.tell({ on: 'Weights', weights: new Map(Object.entries(weights).map(([name, weight]) => [`shop/${name}`, weight])) });
  const meddle = (object: KubeObject): void => {
    bench.member.meddle(target, (present) => Object.assign(present, { spec: object.spec }), 'hanse-traffic');
    bench.observe(target);
  };
  return { bench, says, meddle, weights: () => weightsOf(bench.member.objects.get(target)) };
};

describe('a route', () => {
  test('is not applied before its weights are known, and then with them', () => {
    const { bench, says, weights } = opened();
    bench.item(applyItem(1, asTheHubHasIt));
    bench.pass(10_000);
    expect(bench.member.writes).toEqual([]);
    says({ 'web-ap': 0, 'web-eu': 7 });
    expect(weights()).toBe('0 7');
  });

  test('whose weights traffic changes has not drifted', () => {
    const { bench, says, meddle, weights } = opened();
    says({ 'web-ap': 7, 'web-eu': 7 });
    bench.item(applyItem(1, asTheHubHasIt));
    says({ 'web-ap': 0, 'web-eu': 7 });
    meddle(route([backend('web-ap', 0), backend('web-eu', 7)]));
    bench.pass(600_000);
    expect(weights()).toBe('0 7');
    expect(bench.member.writes).toEqual(['apply web seq 1']);
  });

  test.each([
    ['the hub changes', 2, route([backend('web-ap', 1), backend('web-eu', 1)], [backend('web-eu', 1), backend('web-ap', 1)]), '0 7, 7 0'],
    ['the hub says with other weights', 2, route([backend('web-ap', 9), backend('web-eu', 9)]), '0 7'],
  ])('that %s is applied with the weights of now', (_, seq, changed, wanted) => {
    const { bench, says, meddle, weights } = opened();
    says({ 'web-ap': 0, 'web-eu': 7 });
    bench.item(applyItem(1, asTheHubHasIt));
    meddle(route([backend('web-ap', 0), backend('web-eu', 7)]));
    bench.item(applyItem(seq, changed));
    expect(weights()).toBe(wanted);
  });

  test('that somebody changes otherwise is set back, with the weights of now', () => {
    const { bench, says, meddle, weights } = opened();
    says({ 'web-ap': 0, 'web-eu': 7 });
    bench.item(applyItem(1, asTheHubHasIt));
    meddle(route([backend('web-ap', 0), backend('web-us', 7)]));
    bench.pass(10_000);
    expect(bagsOf(bagsOf(bagOf(bench.member.objects.get(target)?.spec).rules)[0]?.backendRefs).map(({ name }) => name)).toEqual([
      'web-ap',
      'web-eu',
    ]);
    expect(weights()).toBe('0 7');
  });

  test('has the weights of the hub again when traffic decides them no more', () => {
    const { bench, says, weights } = opened();
    says({ 'web-ap': 0, 'web-eu': 7 });
    bench.item(applyItem(1, asTheHubHasIt));
    says({});
    expect(weights()).toBe('1 1');
  });

  test('keeps what a rule weighs whose imports are all dead', () => {
    const { bench, says, weights } = opened();
    says({ 'web-ap': 3, 'web-eu': 7 });
    bench.item(applyItem(1, asTheHubHasIt));
    says({ 'web-ap': 0, 'web-eu': 0 });
    bench.item(applyItem(2, asTheHubHasIt));
    expect(weights()).toBe('3 7');
  });

  test('has weights that traffic does not decide as the hub says, whoever changes them', () => {
    const { bench, says, meddle, weights } = opened();
    says({ 'web-ap': 0, 'web-eu': 7 });
    bench.item(applyItem(1, route([backend('web', 1), backend('web-eu', 1)])));
    meddle(route([backend('web', 5), backend('web-eu', 5)]));
    bench.pass(10_000);
    expect(weights()).toBe('1 1');
  });
});
