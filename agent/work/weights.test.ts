/** @module Rules of routes, whose weights traffic decides and work repeats. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { bagOf, bagsOf } from '../../shared/lib/fields.ts';
import { applyItem } from '../testing/items.ts';
import { refusal } from '../testing/model-member.ts';
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

  test('that names no import waits for no weights', () => {
    const { bench } = opened();
    bench.item(applyItem(1, route([{ name: 'plain', port: 80 }])));
    expect(bench.member.writes).toEqual(['apply web seq 1']);
  });

  test('whose weights stay unknown for long says what it waits for and why, until they are there', () => {
    const { bench, says } = opened();
    const status = () => bench.statuses.get('HTTPRoute-shop-web');
    bench.item(applyItem(1, asTheHubHasIt));
    bench.tell({ on: 'WeightsLack', why: 'configmaps "hanse-agent-traffic": etcd has no leader' });
    bench.pass(20_000);
    expect(status()).toBeUndefined();
    bench.pass(20_000);
    expect(status()).toMatchObject({ phase: 'Failed', reason: 'WeightsUnknown' });
    expect(status()?.message).toMatch(/ConfigMap hanse-agent-traffic.* cannot be loaded: .*etcd has no leader/);
    expect(bench.published).toHaveLength(1);
    says({ 'web-ap': 0, 'web-eu': 7 });
    expect(status()).toMatchObject({ phase: 'Applied' });
    expect(status()?.reason).toBeUndefined();
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

  test('is applied again only when traffic begins or ceases to decide one of its own imports', () => {
    const { bench, says } = opened();
    says({});
    bench.item(applyItem(1, asTheHubHasIt));
    says({ 'other-ap': 1 });
    says({ 'other-ap': 1, 'web-ap': 1 });
    bench.pass(60_000);
    expect(bench.member.writes).toEqual(['apply web seq 1']);
    says({ 'other-ap': 1, 'web-ap': 1, 'web-eu': 1 });
    expect(bench.member.writes).toEqual(['apply web seq 1', 'apply web seq 1']);
  });

  test('is applied ever more slowly while its imports come and go, and ends as traffic says', () => {
    const { bench, says, weights } = opened();
    says({});
    bench.item(applyItem(1, asTheHubHasIt));
    for (let time = 0; time < 100; time += 1) {
      says({ 'web-ap': 0, 'web-eu': 7 });
      bench.pass(50);
      says({});
      bench.pass(50);
    }
    expect(bench.member.writes.length).toBeLessThan(10);
    expect(bench.published.filter(({ reason }) => reason !== undefined)).toEqual([]);
    says({ 'web-ap': 0, 'web-eu': 7 });
    bench.pass(600_000);
    expect(weights()).toBe('0 7');
  });

  test('whose imports change while it is being applied is applied once more', () => {
    const { bench, says, weights } = opened();
    says({ 'web-ap': 0, 'web-eu': 7 });
    bench.intercept = (effect) => {
      if (effect.do !== 'apply') return undefined;
      bench.intercept = () => undefined;
      says({});
      return undefined;
    };
    bench.item(applyItem(1, asTheHubHasIt));
    expect(weights()).toBe('1 1');
  });

  test('that cannot be applied again still has its status followed', () => {
    const { bench, says } = opened();
    says({ 'web-ap': 0, 'web-eu': 7 });
    bench.item(applyItem(1, asTheHubHasIt));
    bench.intercept = (effect) =>
      effect.do === 'apply'
        ? { on: 'Applied', id: effect.id, op: effect.op, failure: refusal(403, 'Forbidden', 'no patch of httproutes') }
        : undefined;
    says({});
    const status = { parents: [{ controllerName: 'example.org/gateway' }] };
    bench.member.meddle(target, (present) => Object.assign(present, { status }), 'gateway');
    bench.observe(target);
    bench.pass(1_000);
    expect(bench.statuses.get('HTTPRoute-shop-web')).toMatchObject({ phase: 'Failed', status });
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
