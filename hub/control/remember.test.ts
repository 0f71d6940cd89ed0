/** @module What is read off a spec is read once, and never taken for that of another object. */
import { expect, it } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { rememberBySpec } from './remember.ts';

const reader = (): { readonly read: (object: KubeObject) => string; readonly times: () => number } => {
  let times = 0;
  const read = rememberBySpec(({ kind, metadata: { namespace, labels } }) => {
    times += 1;
    return `${namespace}/${kind}${kind === 'Pod' ? `/${labels?.app}` : ''}`;
  });
  return { read, times: () => times };
};
const object = (kind: string, namespace: string, spec: object, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'a', namespace, labels },
  spec,
});

it('is read once while status and metadata change', () => {
  const { read, times } = reader();
  const one = object('Job', 'shop', {});
  read(one);
  read({ ...one, metadata: { ...one.metadata, resourceVersion: '2' }, status: { active: 1 } });
  expect(times()).toBe(1);
  read({ ...one, spec: {} });
  expect(times()).toBe(2);
});

it('is read again for another kind or namespace that has the same spec, and for each state of a Pod', () => {
  const { read } = reader();
  const spec = {};
  expect(['shop', 'bank', 'shop'].map((namespace) => read(object('Job', namespace, spec)))).toEqual(['shop/Job', 'bank/Job', 'shop/Job']);
  expect(read(object('CronJob', 'shop', spec))).toBe('shop/CronJob');
  expect(['a', 'b'].map((app) => read(object('Pod', 'shop', spec, { app })))).toEqual(['shop/Pod/a', 'shop/Pod/b']);
});
