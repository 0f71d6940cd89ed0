/** @module What rules allow, and which rights are missing. */
import { describe, expect, it } from 'vitest';
import type { Attributes } from '../server/options.ts';
import { allows, type PolicyRule, ruleText, uncoveredRules } from './policy-rules.ts';

/** `get configmaps shop/a` or `get /healthz`. */
const wants = (text: string): Omit<Attributes, 'user'> => {
  const [verb = '', what = '', where = '/'] = text.split(' ');
  const none = { verb, group: '', version: 'v1', resource: '', subresource: '', namespace: '', name: '', path: '' };
  if (what.startsWith('/')) return { ...none, isResource: false, path: what };
  const [resource = '', subresource = ''] = what.split('/');
  const [namespace = '', name = ''] = where.split('/');
  return { ...none, isResource: true, resource, subresource, namespace, name };
};

describe('rules', () => {
  it.each<[PolicyRule, string, boolean]>([
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'get pods shop/a', true],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'list pods shop/', false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }, 'get pods/log shop/a', false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['*/log'] }, 'get pods/log shop/a', true],
    [{ verbs: ['get'], apiGroups: [''], resources: ['*/log'] }, 'get pods shop/a', false],
    [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, 'update pods/status shop/a', true],
    [{ verbs: ['get'], apiGroups: ['apps'], resources: ['pods'] }, 'get pods shop/a', false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] }, 'get pods shop/a', true],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] }, 'get pods shop/', false],
    [{ verbs: ['get'], nonResourceURLs: ['/livez/*'] }, 'get /livez/etcd', true],
    [{ verbs: ['get'], nonResourceURLs: ['/livez/*'] }, 'get /livez', false],
    [{ verbs: ['get'], nonResourceURLs: ['*'] }, 'get pods shop/a', false],
  ])('%o for %s: %s', (rule, text, allowed) => {
    expect(allows(rule, wants(text))).toBe(allowed);
  });

  it.each<[PolicyRule[], PolicyRule[], string[]]>([
    [
      [],
      [{ verbs: ['get', 'list'], apiGroups: ['apps'], resources: ['deployments'] }],
      ['{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}'],
    ],
    [
      [{ verbs: ['get'], apiGroups: ['*'], resources: ['*'] }],
      [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['a', 'b/status'] }],
      ['{APIGroups:[""], Resources:["a"], Verbs:["list"]}', '{APIGroups:[""], Resources:["b/status"], Verbs:["list"]}'],
    ],
    [
      [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['mine'] }],
      [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }],
      ['{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'],
    ],
    [
      [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }],
      [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['mine', 'other'] }],
      [],
    ],
    [
      [{ verbs: ['*'], nonResourceURLs: ['/healthz*'] }],
      [{ verbs: ['get'], nonResourceURLs: ['/healthz/x', '/metrics'] }],
      ['{NonResourceURLs:["/metrics"], Verbs:["get"]}'],
    ],
  ])('held %o, wanted %o: missing %j', (held, wanted, missing) => {
    expect(uncoveredRules(held, wanted).map(ruleText)).toEqual(missing);
  });
});
