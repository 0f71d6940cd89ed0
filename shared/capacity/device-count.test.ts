/** @module Rules of counting devices of claims (Dynamic Resource Allocation) on a dump. */
import { describe, expect, it } from 'vitest';
import { fitDump } from './fit-dump.ts';

const driver = 'gpu.example.com';
const api = 'resource.k8s.io/v1';
const node = (name: string): object => ({
  kind: 'Node',
  metadata: { name },
  status: { allocatable: { cpu: '64', memory: '64Gi', pods: '50' } },
});
type TestDevice = { readonly name: string; readonly model?: string; readonly more?: object };
const slice = (on: string, devices: readonly TestDevice[], pool: object = {}, more: object = {}): object => ({
  apiVersion: api,
  kind: 'ResourceSlice',
  metadata: { name: `${on}-${JSON.stringify(pool)}` },
  spec: {
    driver,
    nodeName: on,
    pool: { name: on, generation: 1, resourceSliceCount: 1, ...pool },
    devices: devices.map(({ name, model = 'a', more = {} }) => ({
      name,
      attributes: {
        model: { string: model },
        size: { int: Number(name.slice(1)) },
        'example.com/root': { string: `r${Number(name.slice(1)) % 2}` },
      },
      ...more,
    })),
    ...more,
  },
});
const devices = (count: number, model?: string): TestDevice[] =>
  Array.from({ length: count }, (_, at) => ({ name: `d${at}`, ...(model === undefined ? {} : { model }) }));
const cel = (expression: string): object => ({ cel: { expression } });
const deviceClass = (expression = `device.driver == "${driver}"`): object => ({
  apiVersion: api,
  kind: 'DeviceClass',
  metadata: { name: 'gpu' },
  spec: { selectors: [cel(expression)] },
});
const template = (requests: readonly object[], constraints: readonly object[] = []): object => ({
  apiVersion: api,
  kind: 'ResourceClaimTemplate',
  metadata: { name: 't', namespace: 'default' },
  spec: { spec: { devices: { requests, constraints } } },
});
const request = (more: object = {}, name = 'r'): object => ({ name, exactly: { deviceClassName: 'gpu', ...more } });
const claim = (name: string, held: readonly string[], pool = 'n'): object => ({
  apiVersion: api,
  kind: 'ResourceClaim',
  metadata: { name, namespace: 'default' },
  spec: {},
  status: { allocation: { devices: { results: held.map((device) => ({ request: 'r', driver, pool, device })) } } },
});
const shape = (more: object = {}): object => ({
  kind: 'Pod',
  metadata: { name: 's' },
  spec: {
    containers: [{ name: 'c', resources: { requests: { cpu: '1' }, claims: [{ name: 'g' }] } }],
    resourceClaims: [{ name: 'g', resourceClaimTemplateName: 't', ...more }],
  },
});
const answer = (objects: readonly unknown[], pod: unknown = shape()) => {
  const read = fitDump(objects, pod);
  if (!read.ok) throw new Error(read.message);
  const { total, exact, refusals } = read.value;
  return { total: Number(total), exact, refusals };
};
const model = (name: string): string => `device.attributes["${driver}"].model == "${name}"`;

describe('devices of claims', () => {
  it('that are asked for in a mode that is not known make an estimate', () => {
    const objects = [node('n'), deviceClass(), slice('n', devices(4)), template([request({ allocationMode: 'Half' })])];
    expect(answer(objects).exact).toBe(false);
  });

  it.each<[string, unknown[], number]>([
    ['one each', [slice('n', devices(4)), template([request()])], 4],
    [
      'an empty mode and a count of 0, which are one of each',
      [slice('n', devices(4)), template([request({ allocationMode: '', count: 0 })])],
      4,
    ],
    ['two each', [slice('n', devices(5)), template([request({ count: 2 })])], 2],
    ['two requests of one class', [slice('n', devices(5)), template([request({}, 'a'), request({}, 'b')])], 2],
    ['devices of claims that hold them are not free', [slice('n', devices(4)), claim('x', ['d0', 'd3']), template([request()])], 2],
    [
      'a selector of the request',
      [slice('n', [...devices(3), { name: 'd7', model: 'b' }]), template([request({ selectors: [cel(model('b'))] })])],
      1,
    ],
    [
      'attributes compared and combined',
      [
        slice('n', devices(6)),
        template([request({ selectors: [cel(`${model('a')} && (device.attributes["${driver}"].size > 3 || false)`)] })]),
      ],
      2,
    ],
    [
      'two requests that draw from different devices',
      [
        slice('n', [...devices(3), { name: 'd7', model: 'b' }, { name: 'd8', model: 'b' }]),
        template([request({ selectors: [cel(model('a'))] }, 'a'), request({ selectors: [cel(model('b'))] }, 'b')]),
      ],
      2,
    ],
    ['only the highest generation', [slice('n', devices(8)), slice('n', devices(3), { generation: 2 }), template([request()])], 3],
    ['a pool that lacks a slice offers nothing', [slice('n', devices(8), { resourceSliceCount: 2 }), template([request()])], 0],
    ['an attribute in common', [slice('n', devices(5)), template([request({ count: 2 })], [{ matchAttribute: 'example.com/root' }])], 2],
    ['all devices of a node, once', [slice('n', devices(4)), template([request({ allocationMode: 'All' })])], 1],
    ['all devices where one is held', [slice('n', devices(4)), claim('x', ['d1']), template([request({ allocationMode: 'All' })])], 0],
    [
      'a tainted device',
      [slice('n', [...devices(2), { name: 'd9', more: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }]), template([request()])],
      2,
    ],
    [
      'partitions whose counters a claim has drawn',
      [
        slice(
          'n',
          ['d0', 'd1', 'd2'].map((name) => ({
            name,
            more: { consumesCounters: [{ counterSet: 'g', counters: { m: { value: name === 'd2' ? '3' : '1' } } }] },
          })),
          {},
          { sharedCounters: [{ name: 'g', counters: { m: { value: '3' } } }] },
        ),
        claim('x', ['d0']),
        template([request()]),
      ],
      1,
    ],
  ])('%s', (_, objects, total) => {
    expect(answer([node('n'), deviceClass(), ...objects])).toMatchObject({ total, exact: true });
  });

  it.each<[string, unknown[], object | undefined]>([
    [
      'a claim that replicas share',
      [slice('n', devices(4)), template([request()])],
      shape({ resourceClaimTemplateName: undefined, resourceClaimName: 'c' }),
    ],
    ['a template that is not told', [slice('n', devices(4))], undefined],
    ['a class that is not told', [slice('n', devices(4)), template([request({ deviceClassName: 'x' })])], undefined],
    [
      'a selector that is not understood',
      [slice('n', devices(4)), template([request({ selectors: [cel('device.nothing()')] })])],
      undefined,
    ],
    [
      'a selector that fails on a device',
      [slice('n', devices(4)), template([request({ selectors: [cel(`device.attributes["${driver}"].no == 1`)] })])],
      undefined,
    ],
    [
      'an alternative for all devices',
      [slice('n', devices(4)), template([{ name: 'r', firstAvailable: [{ name: 'a', deviceClassName: 'gpu', allocationMode: 'All' }] }])],
      undefined,
    ],
    [
      'a pod whose claim is not in the dump',
      [
        slice('n', devices(4)),
        template([request()]),
        {
          kind: 'Pod',
          metadata: { name: 'p' },
          spec: { nodeName: 'n', containers: [], resourceClaims: [{ name: 'g', resourceClaimName: 'gone' }] },
        },
      ],
      undefined,
    ],
  ])('%s is an estimate of none', (_, objects, pod) => {
    expect(answer([node('n'), deviceClass(), ...objects], pod ?? shape())).toMatchObject({ total: 0, exact: false });
  });

  it('two requests of which one takes what the other needs: the number that every choice reaches', () => {
    const mixed = [...devices(2), { name: 'd7', model: 'b' }, { name: 'd8', model: 'b' }];
    const two = template([request({}, 'any'), request({ selectors: [cel(model('b'))] }, 'b')]);
    const objects = [node('n'), deviceClass(), slice('n', mixed), two];
    expect(answer(objects)).toMatchObject({ total: 1, exact: false });
    const read = fitDump(objects, shape());
    expect(read.ok && read.value.doubts).toEqual([expect.stringMatching(/several requests/)]);
  });

  const part = (name: string, model: string, value: string): TestDevice => ({
    name,
    model,
    more: { consumesCounters: [{ counterSet: 'g', counters: { m: { value } } }] },
  });
  const whole = part('d0', 'whole', '4');
  const halves = ['d1', 'd2'].map((name) => part(name, 'half', '2'));
  const quarters = ['d3', 'd4', 'd5', 'd6'].map((name) => part(name, 'quarter', '1'));
  const cut = (parts: readonly TestDevice[], held: readonly string[], ...requests: readonly object[]) =>
    answer([
      node('n'),
      deviceClass(),
      slice('n', parts, {}, { sharedCounters: [{ name: 'g', counters: { m: { value: '4' } } }] }),
      ...(held.length === 0 ? [] : [claim('x', held)]),
      template(requests),
    ]);
  const of = (name: string, count = 1): object => request({ count, selectors: [cel(model(name))] }, name);
  const every = [whole, ...halves, ...quarters];

  it.each<[string, ReturnType<typeof cut>, { total: number; exact: boolean }]>([
    ['the whole', cut(every, [], of('whole')), { total: 1, exact: true }],
    ['halves', cut(every, [], of('half')), { total: 2, exact: true }],
    ['quarters beside a half that is held', cut(every, ['d1'], of('quarter')), { total: 2, exact: true }],
    ['halves beside a quarter that is held', cut(every, ['d3'], of('half')), { total: 1, exact: true }],
    ['the whole beside a quarter that is held', cut(every, ['d3'], of('whole')), { total: 0, exact: true }],
    ['three quarters at once', cut(every, [], of('quarter', 3)), { total: 1, exact: true }],
    ['a half and a quarter each', cut(every, [], of('half'), of('quarter')), { total: 1, exact: true }],
    ['whole or half', cut([whole, ...halves], [], request()), { total: 1, exact: false }],
    ['half or quarter', cut([...halves, ...quarters], [], request()), { total: 2, exact: false }],
    ['any two at once', cut([...halves, ...quarters], [], request({ count: 2 })), { total: 1, exact: false }],
    [
      'two at once of the whole or halves, which the whole leaves no room for',
      cut([whole, ...halves], [], request({ count: 2 })),
      { total: 1, exact: true },
    ],
    ['two at once, where one is left over', cut(quarters.slice(0, 3), [], request({ count: 2 })), { total: 1, exact: true }],
    ['two at once of one that has room for one', cut([whole, ...halves], ['d1'], request({ count: 2 })), { total: 0, exact: true }],
    ['all of them, which are more than there is', cut(every, [], request({ allocationMode: 'All' })), { total: 0, exact: true }],
  ])('partitions of one device count by what is left of it, the lowest number of all choices: %s', (_, found, expected) => {
    expect(found).toMatchObject(expected);
  });

  it('more choices than are looked at promise as many replicas as it takes to leave no room for one more', () => {
    const boards = Array.from({ length: 9 }, (_, board) => `g${board}`);
    const partsOf = (counterSet: string, at: number): TestDevice[] =>
      ['half', 'quarter'].flatMap((size, kind) =>
        Array.from({ length: 2 + 2 * kind }, (_, place) => ({
          name: `d${at * 10 + kind * 4 + place}`,
          model: size,
          more: { consumesCounters: [{ counterSet, counters: { m: { value: kind === 0 ? '2' : '1' } } }] },
        })),
      );
    const shared = { sharedCounters: boards.map((name) => ({ name, counters: { m: { value: '4' } } })) };
    const objects = [node('n'), deviceClass(), slice('n', boards.flatMap(partsOf), {}, shared), template([of('half'), of('quarter')])];
    expect(answer(objects)).toMatchObject({ total: 9, exact: false });
  });

  it('two devices at once of more ways to cut one than are looked at: one replica is sure where two fit', () => {
    const parts = Array.from({ length: 16 }, (_, at) => part(`d${at}`, 'part', String(at + 1)));
    const shared = { sharedCounters: [{ name: 'g', counters: { m: { value: '100' } } }] };
    expect(answer([node('n'), deviceClass(), slice('n', parts, {}, shared), template([request({ count: 2 })])])).toMatchObject({
      total: 1,
      exact: false,
    });
  });

  it.each<[string, unknown[], number]>([
    ['more devices than a claim may hold', [slice('n', devices(70)), template([request({ count: 33 })])], 0],
    ['as many as a claim may hold', [slice('n', devices(70)), template([request({ count: 32 })])], 2],
    ['all of more than a claim may hold', [slice('n', devices(33)), template([request({ allocationMode: 'All' })])], 0],
    [
      'all where one is tainted',
      [
        slice('n', [...devices(2), { name: 'd9', more: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }]),
        template([request({ allocationMode: 'All' })]),
      ],
      0,
    ],
    [
      'all that must have in common what they have not',
      [slice('n', devices(2)), template([request({ allocationMode: 'All' })], [{ matchAttribute: 'example.com/root' }])],
      0,
    ],
    [
      'all that must have in common what they have',
      [slice('n', devices(2)), template([request({ allocationMode: 'All' })], [{ matchAttribute: `${driver}/model` }])],
      1,
    ],
  ])('as the allocator of the scheduler does it: %s', (_, objects, total) => {
    expect(answer([node('n'), deviceClass(), ...objects])).toMatchObject({ total, exact: true });
  });

  const firstOf = (...counts: readonly number[]): object => ({
    name: 'r',
    firstAvailable: counts.map((count, at) => ({ name: `a${at}`, deviceClassName: 'gpu', count })),
  });
  it.each<[string, number, object[], number]>([
    ['the first while it is to be had, then the next', 4, [firstOf(3, 1)], 2],
    ['the next where the first is never', 4, [firstOf(5, 2)], 2],
    ['beside another request', 5, [firstOf(3, 1), request({}, 'b')], 1],
    ['none where no alternative is', 1, [firstOf(3, 2)], 0],
  ])('alternatives are taken in their order: %s', (_, count, requests, total) => {
    expect(answer([node('n'), deviceClass(), slice('n', devices(count)), template(requests)])).toMatchObject({ total, exact: true });
  });

  const sharedBy = (name: string, more: object = {}): TestDevice => ({
    name,
    more: { allowMultipleAllocations: true, capacity: { bandwidth: { value: '10G', ...more } } },
  });
  const wants = (amount: string): object => request({ capacity: { requests: { bandwidth: amount } } });
  it.each<[string, TestDevice[], string[], object, number]>([
    ['each that no claim has', [sharedBy('d0'), sharedBy('d1')], [], wants('3G'), 2],
    ['not one that a claim has', [sharedBy('d0'), sharedBy('d1')], ['d0'], wants('3G'), 1],
    ['not one that has less', [sharedBy('d0'), sharedBy('d1', { value: '2G' })], [], wants('3G'), 1],
    [
      'not one that allows no claim so much',
      [sharedBy('d0'), sharedBy('d1', { requestPolicy: { validRange: { max: '2G' } } })],
      [],
      wants('3G'),
      1,
    ],
    ['for who asks for all of it', [sharedBy('d0')], [], request(), 1],
  ])('devices that claims may share take one replica each at least, and it is told: %s', (_, shared, held, asks, total) => {
    const objects = [node('n'), deviceClass(), slice('n', shared), ...(held.length === 0 ? [] : [claim('x', held)]), template([asks])];
    expect(answer(objects)).toMatchObject({ total, exact: false });
    expect(doubtsOf(objects)).toEqual(['ResourceSlices of Node n: how many claims may share a device is not counted']);
  });

  const doubtsOf = (objects: readonly unknown[]) => {
    const read = fitDump(objects, shape());
    return read.ok ? read.value.doubts : read.message;
  };

  it('devices that many nodes reach are not counted, and it is told', () => {
    const wide = slice('n', devices(4), {}, { nodeName: undefined, allNodes: true });
    const objects = [node('n'), deviceClass(), wide, template([request()])];
    expect(answer(objects)).toMatchObject({ total: 0, exact: false });
    expect(doubtsOf(objects)).toEqual(['ResourceSlices of Node n: devices that many nodes reach are not counted']);
  });

  it('partitions of unlike size are an estimate that says whose choice it is', () => {
    const counters = (value: string) => [{ counterSet: 'g', counters: { m: { value } } }];
    const partitions = ['1', '1', '2'].map((size, at) => ({ name: `d${at}`, more: { consumesCounters: counters(size) } }));
    const shared = { sharedCounters: [{ name: 'g', counters: { m: { value: '2' } } }] };
    const objects = [node('n'), deviceClass(), slice('n', partitions, {}, shared), template([request()])];
    expect(answer(objects)).toMatchObject({ exact: false });
    expect(doubtsOf(objects)).toEqual([expect.stringMatching(/^ResourceSlices of Node n: .* share counters/)]);
  });

  it('the name of the class tells what is short', () => {
    expect(answer([node('n'), node('m'), deviceClass(), slice('n', devices(1)), template([request()])]).refusals).toEqual({ gpu: 1 });
  });

  const extended = { apiVersion: api, kind: 'DeviceClass', metadata: { name: 'g' }, spec: { extendedResourceName: 'example.com/gpu' } };
  const asking = (count: number, more: object = {}) => ({
    kind: 'Pod',
    spec: { containers: [{ name: 'c', resources: { limits: { 'example.com/gpu': String(count) } } }], ...more },
  });
  const plugged = {
    kind: 'Node',
    metadata: { name: 'p' },
    status: { allocatable: { cpu: '64', memory: '64Gi', pods: '50', 'example.com/gpu': '3' } },
  };

  it.each<[string, unknown[], unknown, object]>([
    ['devices stand in for an extended resource', [node('n'), extended, slice('n', devices(4))], asking(2), { total: 2, exact: true }],
    [
      'where a node offers the resource itself, its devices do not',
      [plugged, extended, slice('p', devices(9))],
      asking(1),
      { total: 3, exact: true },
    ],
    ['nodes of both kinds add up', [plugged, node('n'), extended, slice('n', devices(4))], asking(1), { total: 7, exact: true }],
    ['none is left', [node('n'), extended], asking(1), { total: 0, refusals: { 'example.com/gpu': 1 } }],
    [
      'init containers, whose devices may be used again, make an estimate',
      [node('n'), extended, slice('n', devices(4))],
      asking(1, { initContainers: [{ name: 'i', resources: { limits: { 'example.com/gpu': '1' } } }] }),
      { exact: false },
    ],
  ])('%s', (_, objects, pod, expected) => {
    expect(answer(objects, pod)).toMatchObject(expected);
  });
});
