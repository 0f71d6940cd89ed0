/** @module Rules of reading the shape that is asked for, and which no API server takes. */
import { describe, expect, it } from 'vitest';
import { fitDump } from './fit-dump.ts';
import { answer, node, pod, requests } from './testing-fit-dump.ts';

describe('shapes', () => {
  const template = { spec: requests({ cpu: '2' }) };
  it.each<[string, object]>([
    ['a Deployment', { kind: 'Deployment', spec: { template } }],
    ['a CronJob', { kind: 'CronJob', spec: { jobTemplate: { spec: { template } } } }],
    ['a PodTemplate', { kind: 'PodTemplate', template }],
    ['a Pod', { kind: 'Pod', ...template }],
    ['a Pod that runs elsewhere', { kind: 'Pod', spec: { ...template.spec, nodeName: 'other' }, status: { phase: 'Running' } }],
  ])('%s is one', (_, shape) => {
    expect(answer([node('n')], shape).total).toBe(2);
  });

  it.each<[string, object, RegExp]>([
    ['no template', { kind: 'Service', spec: {} }, /no pod template/],
    ['no containers', pod({}), /spec\.containers/],
    ['a request that is no quantity', pod(requests({ cpu: '12x' })), /^spec\.containers\[0\]\.resources\.requests\[cpu\]: "12x"/],
    ['a negative request', pod(requests({ cpu: '-1' })), /is negative/],
    ['a skew of zero', pod({ ...requests({}), topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 0 }] }), /maxSkew/],
    [
      'an operator that is none',
      pod({
        ...requests({}),
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'zone', labelSelector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } },
            ],
          },
        },
      }),
      /Near/,
    ],
  ])('%s is an error', (_, shape, message) => {
    expect(answer([node('n')], shape).error).toMatch(message);
  });

  it('with claims or volumes are estimates', () => {
    expect(answer([node('n')], pod({ ...requests({ cpu: '1' }), resourceClaims: [{ name: 'gpu' }] })).exact).toBe(false);
    expect(
      answer([node('n')], pod({ ...requests({ cpu: '1' }), volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'x' } }] })).exact,
    ).toBe(false);
  });

  it('are asked by 10,000 terms in reasonable time', () => {
    const matchExpressions = Array.from({ length: 10_000 }, (_, at) => ({ key: `k${at}`, operator: 'DoesNotExist' }));
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } } };
    expect(answer([node('n')], pod({ ...requests({ cpu: '1' }), affinity })).total).toBe(4);
  });
});

describe('a shape that no API server takes', () => {
  const shape = (resources: object) => pod({ containers: [{ resources }] });

  it.each([
    [
      'half a device',
      { limits: { 'nvidia.com/gpu': '500m' } },
      /spec\.containers\[0\]\.resources\.limits\[nvidia\.com\/gpu\]: "500m" is no whole number/,
    ],
    [
      'a request above its limit',
      { requests: { cpu: '2' }, limits: { cpu: '1' } },
      /resources\.requests\[cpu\]: "2" is more than the limit "1"/,
    ],
    ['fewer devices than their limit', { requests: { 'a/b': '1' }, limits: { 'a/b': '2' } }, /requests\[a\/b\]: "1" is not the limit "2"/],
  ])('is refused with its field: %s', (_, resources, message) => {
    const counted = fitDump([node('n')], shape(resources));
    expect(counted).toMatchObject({ ok: false, message: expect.stringMatching(message) });
  });

  it('is told from one that is odd and taken: spaces around an amount, a limit written otherwise', () => {
    expect(fitDump([node('n')], shape({ requests: { cpu: ' 1' }, limits: { cpu: '1000m' } })).ok).toBe(true);
  });
});
