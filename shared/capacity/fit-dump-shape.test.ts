/** @module Rules of reading the shape that is asked for, and which no API server takes. */
import { describe, expect, it } from 'vitest';
import { readPlanObjects } from '../plan/input.ts';
import { fitDump } from './fit-dump.ts';
import { podShapeOfObject } from './shape-of.ts';
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

  it('of a StatefulSet are an estimate for the claims it makes as for those its template names', () => {
    const template = { spec: requests({ cpu: '1' }) };
    const statefulSet = { kind: 'StatefulSet', spec: { template, volumeClaimTemplates: [{ metadata: { name: 'v' } }] } };
    const claimed = { ...template.spec, volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'v' } }] };
    expect(fitDump([node('n')], statefulSet)).toEqual(fitDump([node('n')], pod(claimed)));
    expect(answer([node('n')], statefulSet)).toMatchObject({ total: 4, exact: false });
    expect(podShapeOfObject(statefulSet)?.exact).toBe(false);
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

describe('a field of the wrong kind', () => {
  const node1 = [node('n')];
  const one = requests({ cpu: '1' });
  const container = (fields: object) => ({ containers: [{ name: 'c', ...fields }] });
  const expression = (fields: object) => ({ key: 'a', ...fields });
  const required = (value: unknown) => ({ ...one, affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: value } } });
  const match = (fields: object) => required({ nodeSelectorTerms: [{ matchExpressions: [expression(fields)] }] });
  const away = (labelSelector: unknown, topologyKey: unknown = 'zone') => ({
    ...one,
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector }] } },
  });
  const terms = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution';
  const values = `${terms}.nodeSelectorTerms[0].matchExpressions[0]`;
  const anti = 'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]';

  it.each<[string, object, string]>([
    ['resources that are a text', container({ resources: 'big' }), 'spec.containers[0].resources: an object is wanted, not "big"'],
    ['a list of requests', container({ resources: { requests: ['cpu'] } }), 'spec.containers[0].resources.requests: an object is wanted'],
    ['a list of limits', container({ resources: { limits: ['cpu'] } }), 'spec.containers[0].resources.limits: an object is wanted'],
    ['pod-level resources that are a text', { ...one, resources: 'big' }, 'spec.resources: an object is wanted'],
    ['a number for a label', { ...one, nodeSelector: { a: 1 } }, 'spec.nodeSelector[a]: a text is wanted, not 1'],
    ['true for a label', { ...one, nodeSelector: { a: true } }, 'spec.nodeSelector[a]: a text is wanted, not true'],
    ['a list for labels', { ...one, nodeSelector: ['a'] }, 'spec.nodeSelector: an object is wanted, not ["a"]'],
    ['an affinity that is a text', { ...one, affinity: 'x' }, 'spec.affinity: an object is wanted'],
    ['required terms that are a text', required('x'), `${terms}: an object is wanted, not "x"`],
    [
      'a port that is a text',
      container({ ports: [{ hostPort: 'abc' }] }),
      'spec.containers[0].ports[0].hostPort: a whole number from 0 to 65535',
    ],
    ['hostNetwork that is a text', { ...one, hostNetwork: 'true' }, 'spec.hostNetwork: true or false is wanted, not "true"'],
    [
      'an unknown operator',
      match({ operator: 'Foo', values: ['b'] }),
      `${values}.operator: one of In, NotIn, Exists, DoesNotExist, Gt, Lt is wanted`,
    ],
    ['an operator in small letters', match({ operator: 'notin', values: ['b'] }), `${values}.operator: one of`],
    ['In without values', match({ operator: 'In' }), `${values}.values: In wants at least one value`],
    ['Exists with a value', match({ operator: 'Exists', values: ['b'] }), `${values}.values: Exists wants no values`],
    ['Gt of what is no number', match({ operator: 'Gt', values: ['x'] }), `${values}.values: Gt wants one whole number`],
    [
      'a field of nodes that is none',
      required({ nodeSelectorTerms: [{ matchFields: [{ key: 'spec.x', operator: 'In', values: ['n'] }] }] }),
      `${terms}.nodeSelectorTerms[0].matchFields[0].key: one of metadata.name is wanted`,
    ],
    [
      'an operator of tolerations in small letters',
      { ...one, tolerations: [{ key: 'a', operator: 'exists' }] },
      'spec.tolerations[0].operator: one of',
    ],
    ['an effect that is none', { ...one, tolerations: [{ key: 'a', effect: 'Foo' }] }, 'spec.tolerations[0].effect: one of'],
    ['a toleration of nothing', { ...one, tolerations: [{ operator: 'Equal' }] }, 'spec.tolerations[0].operator: without a key'],
    ['a number in a selector', away({ matchLabels: { app: 1 } }), `${anti}.labelSelector.matchLabels[app]: a text is wanted, not 1`],
    ['a term without a key', away({}, ''), `${anti}.topologyKey: name the node label`],
    [
      'a selector of pods with In and no values',
      away({ matchExpressions: [expression({ operator: 'In' })] }),
      `${anti}.labelSelector.matchExpressions[0].values`,
    ],
    [
      'an unknown rule of spreading',
      { ...one, topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'Never' }] },
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: one of DoNotSchedule, ScheduleAnyway',
    ],
    [
      'a sidecar in small letters',
      { ...one, initContainers: [{ restartPolicy: 'always' }] },
      'spec.initContainers[0].restartPolicy: one of',
    ],
  ])('is refused with its path, by fit and by plan: %s', (_, spec, message) => {
    const counted = fitDump(node1, pod(spec));
    expect(counted).toMatchObject({ ok: false, message: expect.stringContaining(message) });
    const planned = readPlanObjects([pod(spec)]);
    expect(planned).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  });

  it('is told from null, which is absent, and from labels and operators as they ought to be', () => {
    const spec = { ...one, nodeSelector: null, affinity: null, tolerations: null, hostNetwork: null };
    expect(answer(node1, pod(spec))).toMatchObject({ total: 4, exact: true });
    expect(answer(node1, pod(match({ operator: 'NotIn', values: ['b'] })))).toMatchObject({ total: 4, exact: true });
    expect(answer(node1, pod({ ...one, tolerations: [{ operator: 'Exists' }, { key: 'a', value: 'b' }] })).total).toBe(4);
  });

  it('is refused among labels and annotations too', () => {
    expect(fitDump(node1, pod(one, { labels: { a: 1 } }))).toMatchObject({
      ok: false,
      message: 'metadata.labels[a]: a text is wanted, not 1',
    });
  });
});
