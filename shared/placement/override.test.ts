/** @module What overrides change in an object. */
import { describe, expect, it } from 'vitest';
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

  it('says which object a patch does not fit', () => {
    const result = overrideObject(object, rules([{ patch: [{ op: 'remove', path: '/spec/nothing/here' }] }]), {});
    expect(result).toMatchObject({ ok: false, message: expect.stringContaining('CronJob x') });
  });
});
