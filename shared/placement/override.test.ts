/** @module What overrides change in an object. */
import { describe, expect, it } from 'vitest';
import type { OverrideRule } from '../api/index.ts';
import { compilePolicy } from './compiled-policy.ts';
import { overrideImage, overrideObject } from './override.ts';

describe('overrideImage', () => {
  it.each([
    ['nginx', { registry: 'mirror.example' }, 'mirror.example/nginx'],
    ['docker.io/library/nginx:1.2', { registry: 'mirror.example:5000' }, 'mirror.example:5000/library/nginx:1.2'],
    ['localhost/a/b:1', { repository: 'c/d' }, 'localhost/c/d:1'],
    ['registry.example:5000/a', { tag: '2' }, 'registry.example:5000/a:2'],
    ['a/b@sha256:0123', { tag: '2' }, 'a/b:2'],
    ['a/b:1@sha256:0123', { registry: 'm.example' }, 'm.example/a/b:1@sha256:0123'],
  ])('%s with %o is %s', (image, change, expected) => {
    expect(overrideImage(image, change)).toBe(expected);
  });
});

describe('overrideObject', () => {
  const object = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'x', labels: { a: '1' } },
    spec: {
      jobTemplate: {
        spec: { template: { spec: { initContainers: [{ image: 'i' }], containers: [{ image: 'c', env: [{ name: 'A', value: '0' }] }] } } },
      },
    },
  };
  const rules = (overrides: Parameters<typeof compilePolicy>[2]['overrides']) =>
    compilePolicy('n', 'p', { resourceSelectors: [], ...(overrides === undefined ? {} : { overrides }) }).overrides;

  it('variables are replaced where they stand, since $(NAME) means what stands before it, and new ones come last', () => {
    const env = ['HOST', 'PORT', 'URL', 'HOST', 'LAST'].map((name) => ({ name, value: name === 'URL' ? 'http://$(HOST):$(PORT)' : 'old' }));
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers: [{ name: 'c', env }] } };
    const change = rules([{ env: ['NEW', 'LAST', 'HOST'].map((name) => ({ name, value: 'new' })) }]);
    expect(overrideObject(pod, change, {})).toMatchObject({
      object: {
        spec: {
          containers: [
            {
              env: [
                { name: 'HOST', value: 'new' },
                { name: 'PORT', value: 'old' },
                { name: 'URL', value: 'http://$(HOST):$(PORT)' },
                { name: 'LAST', value: 'new' },
                { name: 'NEW', value: 'new' },
              ],
            },
          ],
        },
      },
    });
  });

  it('changes images and environment of every container wherever the pod template is, and labels of the object', () => {
    const result = overrideObject(
      object,
      rules([{ image: { registry: 'm.example' }, env: [{ name: 'A', value: '1' }], labels: { b: '2' } }]),
      {},
    );
    expect(result).toMatchObject({
      ok: true,
      object: {
        metadata: { labels: { a: '1', b: '2' } },
        spec: {
          jobTemplate: {
            spec: {
              template: {
                spec: {
                  initContainers: [{ image: 'm.example/i' }],
                  containers: [{ image: 'm.example/c', env: [{ name: 'A', value: '1' }] }],
                },
              },
            },
          },
        },
      },
    });
    expect(object.metadata.labels).toEqual({ a: '1' });
  });

  it('holds only for the clusters it selects; a later rule wins', () => {
    const aws = { matchLabels: { cloud: 'aws' } };
    const both = rules([{ labels: { x: 'all' } }, { clusterSelector: aws, labels: { x: 'aws' } }]);
    const labels = (cloud: string): unknown => {
      const result = overrideObject(object, both, { cloud });
      return result.ok ? result.object.metadata.labels?.x : result.message;
    };
    expect([labels('gcp'), labels('aws')]).toEqual(['all', 'aws']);
  });

  it('says which operation of a patch does not fit, and which object', () => {
    const patch = [
      { op: 'add', path: '/metadata/labels/b', value: '2' },
      { op: 'remove', path: '/spec/nothing/here' },
    ] as const;
    const result = overrideObject(object, rules([{ labels: { c: '1' } }, { patch }]), {});
    expect(result).toEqual({
      ok: false,
      message: 'overrides[1] cannot be applied: patch[1] (remove /spec/nothing/here) does not fit (CronJob x)',
    });
  });

  it('does not let a patch change what the placement decides, on whatever way', () => {
    const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 2, paused: true } };
    const over = (patch: NonNullable<OverrideRule['patch']>) =>
      overrideObject(web, rules([{ patch }]), {}, ['metadata.name', 'spec.replicas']);
    for (const value of [{ replicas: 9 }, {}]) {
      expect(over([{ op: 'replace', path: '/spec', value }])).toMatchObject({
        ok: false,
        message: expect.stringMatching(/changes spec.replicas, which/),
      });
    }
    expect(over([{ op: 'move', from: '/spec', path: '/other' }])).toMatchObject({ ok: false });
    expect(over([{ op: 'replace', path: '/spec', value: { replicas: 2 } }])).toMatchObject({ ok: true, object: { spec: { replicas: 2 } } });
  });
});
