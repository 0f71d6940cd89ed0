/** @module Which policy holds: the precedence of selectors, priorities, scopes and names. */
import { describe, expect, it } from 'vitest';
import type { PolicySpec, ResourceSelector } from '../api/index.ts';
import { compilePolicy } from './compiled-policy.ts';
import { policyFor, rivalsOf } from './select-policy.ts';

const web = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', labels: { app: 'web' } };
const kind = { apiVersion: 'apps/v1', kind: 'Deployment' };
const byName: ResourceSelector = { ...kind, name: 'web' };
const byLabels: ResourceSelector = { ...kind, labelSelector: { matchLabels: { app: 'web' } } };
const policy = (id: string, selector: ResourceSelector, more: Partial<PolicySpec> = {}) => {
  const [namespace = '', name = ''] = id.includes('/') ? id.split('/') : ['', id];
  return compilePolicy(namespace, name, { resourceSelectors: [selector], ...more });
};

describe('policyFor', () => {
  it.each([
    ['a selector by name before one by labels', [policy('shop/a', byLabels), policy('shop/b', byName)], 'shop/b'],
    ['a selector by labels before one for the kind', [policy('shop/a', kind), policy('shop/b', byLabels)], 'shop/b'],
    ['the higher priority before the closer selector', [policy('shop/a', byName), policy('shop/b', kind, { priority: 1 })], 'shop/b'],
    [
      'a namespaced policy before a cluster-scoped one of higher priority',
      [policy('all', byName, { priority: 9 }), policy('shop/a', kind)],
      'shop/a',
    ],
    ['the first by name where all is equal', [policy('shop/b', byName), policy('shop/a', byName)], 'shop/a'],
    ['no policy of another namespace', [policy('other/a', byName)], undefined],
    [
      'a cluster-scoped policy only for the namespace it names',
      [policy('a', { ...kind, namespace: 'other' }), policy('b', { ...kind, namespace: 'shop' })],
      'b',
    ],
    [
      'none where nothing matches',
      [policy('shop/a', { ...kind, name: 'api' }), policy('shop/b', { apiVersion: 'batch/v1', kind: 'Job' })],
      undefined,
    ],
  ])('takes %s', (_, policies, expected) => {
    expect(policyFor(policies, web)?.id).toBe(expected);
    expect(policyFor([...policies].reverse(), web)?.id).toBe(expected);
  });
});

describe('rivalsOf', () => {
  it.each([
    ['the name', [policy('shop/b', byName), policy('shop/a', byName)], 'shop/b: of equal rank, and a comes before b'],
    ['how closely it selects', [policy('shop/a', kind), policy('shop/b', byLabels)], 'shop/a: it selects by kind, shop/b by labels'],
    ['the priority', [policy('shop/a', byName), policy('shop/b', kind, { priority: 1 })], 'shop/a: its priority is 0, that of shop/b 1'],
    ['the scope', [policy('all', byName), policy('shop/a', kind)], 'all: it is cluster-wide, shop/a is of the namespace'],
  ])('says why a policy that selects the object does not hold: %s', (_, policies, text) => {
    expect(rivalsOf(policies, web).map((rival) => `${rival.policy.id}: ${rival.why}`)).toEqual([text]);
    expect(rivalsOf([...policies, policy('shop/c', { ...kind, name: 'api' })].reverse(), web)).toHaveLength(1);
  });
});
