/** @module Claims counted on a report: what nodes have, what was promised, what is not known. */
import { describe, expect, it } from 'vitest';
import { fitCluster } from './fit.ts';
import { podShapeOf, withClaims } from './pod-shape.ts';
import type { CapacityReport, DraKind } from './report.ts';
import { createRoom } from './room.ts';
import { reportOf } from './testing.ts';

const driver = 'gpu.example.com';
const kind = (id: number, model: string, more: Partial<DraKind> = {}): DraKind => ({
  id,
  driver,
  classes: ['gpu'],
  attributes: { [`${driver}/model`]: model },
  capacity: { [`${driver}/memory`]: 81_920 },
  quantities: { [`${driver}/memory`]: '80Gi' },
  consumes: {},
  shared: false,
  ...more,
});
type Held = readonly [kind: number, total: number, free: number];
const pool = (node: string, devices: readonly Held[], counters: Readonly<Record<string, number>> = {}) => ({
  driver,
  pool: node,
  node,
  devices: devices.map(([id, total, free]) => ({ kind: id, total, free })),
  counters,
});
const cluster = (dra: CapacityReport['dra'], unsupported: readonly string[] = []): CapacityReport =>
  reportOf(
    ['a', 'b'].map((name) => ({ name, allocatable: { cpu: 64_000 } })),
    { unsupported, ...(dra === undefined ? {} : { dra }) },
  );
const both = cluster({
  kinds: [kind(1, 'x'), kind(2, 'y')],
  pools: [
    pool('a', [[1, 4, 3]]),
    pool('b', [
      [1, 2, 2],
      [2, 2, 2],
    ]),
  ],
});
const shape = (request: object = {}, cpu = '1') =>
  withClaims(
    podShapeOf({
      containers: [{ name: 'c', resources: { requests: { cpu } } }],
      resourceClaims: [{ name: 'g', resourceClaimTemplateName: 't' }],
    }),
    () => ({ devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu', ...request } }] } }),
  );
const cel = (expression: string) => ({ selectors: [{ cel: { expression } }] });

describe('claims on a report', () => {
  it.each<[string, CapacityReport, object, { count: number; exact: boolean }]>([
    ['take free devices of their class', both, {}, { count: 7, exact: true }],
    ['several at once come from one node', both, { count: 2 }, { count: 3, exact: true }],
    ['select by attributes', both, cel(`device.attributes["${driver}"].model == "y"`), { count: 2, exact: true }],
    [
      'select by capacity, as the driver wrote it',
      both,
      cel(`device.capacity["${driver}"].memory.compareTo(quantity("80Gi")) >= 0`),
      { count: 7, exact: true },
    ],
    ['of another class find none', both, { deviceClassName: 'tpu' }, { count: 0, exact: true }],
    ['find none where there are no devices', cluster(undefined), {}, { count: 0, exact: true }],
    ['find none where the cluster does not serve them', cluster(undefined, ['resourceslices: not served']), {}, { count: 0, exact: true }],
    [
      'are not limited by what the agent may not read, which is told',
      cluster(undefined, ['resourceslices: forbidden']),
      {},
      { count: 128, exact: false },
    ],
    [
      'that cannot be counted do not limit, which is told',
      both,
      { capacity: { requests: { memory: '1Gi' } } },
      { count: 128, exact: false },
    ],
    [
      'of partitions share the counters of their pool',
      cluster({
        kinds: [kind(1, 'x', { consumes: { 'set/slices': 4 } })],
        pools: [pool('a', [[1, 7, 7]], { 'set/slices': 28 })],
      }),
      {},
      { count: 7, exact: true },
    ],
  ])('%s', (_, report, request, expected) => {
    const { count, exact } = fitCluster(report, shape(request));
    expect({ count, exact }).toEqual(expected);
  });

  it('say what is short', () => {
    expect(fitCluster(both, shape({ count: 4 })).refusals).toEqual({ gpu: 1 });
  });

  it('that were promised are promised to nobody else', () => {
    const room = createRoom(both, [{ shape: shape({ count: 2 }), count: 2 }]);
    expect(room.fit(shape()).count).toBe(3);
    expect(room.assume({ shape: shape(), count: 2 })).toBe(2);
    expect(room.fit(shape()).count).toBe(1);
    expect(createRoom(both, []).fit(shape()).count).toBe(7);
  });

  it('whose template is not known are an estimate', () => {
    const unknown = withClaims(shape(), () => undefined);
    expect(fitCluster(both, unknown)).toMatchObject({ count: 128, exact: false });
  });
});
