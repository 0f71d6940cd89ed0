/** @module Arbitrary capacity reports for properties: every optional part, small worlds, amounts of either sign. */

import fc from 'fast-check';
import { compareText } from '../lib/compare-text.ts';
import type { CapacityReport, NodeGroup } from './report.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
const amount = fc.oneof(fc.integer({ min: -5, max: 400 }), fc.integer({ min: -(2 ** 40), max: 2 ** 40 }));
const count = fc.nat(1_000);
const records = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true });
const taint = fc.record({ key: name, value: name, effect: fc.constantFrom('NoSchedule' as const, 'NoExecute' as const) });

const groupOf = (resources: number, zones: number, devices: number): fc.Arbitrary<Omit<NodeGroup, 'id'>> => {
  const amounts = fc.array(amount, { minLength: resources, maxLength: resources });
  return fc.record(
    {
      labels: records(name),
      taints: fc.array(taint, { maxLength: 2 }),
      ready: fc.boolean(),
      unschedulable: fc.boolean(),
      allocatable: amounts,
      runtimeHandlers: fc.array(name, { maxLength: 2 }),
      gpu: fc.record({
        vendor: fc.constant('nvidia' as const),
        product: name,
        memoryMiB: count,
        count,
        sharing: fc.record({ kind: fc.constantFrom('exclusive' as const, 'mig' as const), replicas: count }),
      }),
      numa: fc.record({
        policy: fc.constantFrom('none' as const, 'restricted' as const),
        scope: fc.constant('pod' as const),
        cpuManager: fc.constant('static' as const),
        memoryManager: fc.constant('None' as const),
        options: fc.array(name, { maxLength: 2 }),
        zones: fc.array(amounts, { minLength: zones, maxLength: zones }).map((all) => all.map((total, id) => ({ id, total }))),
      }),
      devices: fc.array(
        fc.record({ type: name, memoryMiB: count, cores: count, slots: count, numa: fc.integer({ min: -1, max: 3 }), mode: name }),
        { minLength: devices, maxLength: devices },
      ),
      topologyDoubt: fc.constantFrom('unread' as const, 'unsure' as const),
      devicesUntold: fc.nat(2),
    },
    { requiredKeys: ['labels', 'taints', 'ready', 'unschedulable', 'allocatable', 'runtimeHandlers'] },
  );
};

/** How wide the reports of one property are; equal widths make deltas possible. */
export type Width = {
  readonly resources: number;
  readonly zones: number;
  readonly devices: number;
  readonly pods: boolean;
  readonly works: boolean;
};

/** Any width. */
export const anyWidth: fc.Arbitrary<Width> = fc.record({
  resources: fc.integer({ min: 0, max: 3 }),
  zones: fc.integer({ min: 0, max: 2 }),
  devices: fc.integer({ min: 0, max: 2 }),
  pods: fc.boolean(),
  works: fc.boolean(),
});

const nodesOf = (
  { resources, zones, devices, pods, works }: Width,
  rows: number,
  groups: number,
  sets: number,
): fc.Arbitrary<Omit<CapacityReport['nodes'], 'names'>> => {
  const column = (value: fc.Arbitrary<number>): fc.Arbitrary<number[]> => fc.array(value, { minLength: rows, maxLength: rows });
  const table = fc.array(column(amount), { minLength: resources, maxLength: resources });
  const device = fc.record({ slots: column(amount), memoryMiB: column(amount), cores: column(amount) });
  return fc.record({
    group: column(fc.nat(groups - 1)),
    podsFree: column(amount),
    ...(pods ? { podSet: column(fc.nat(sets)) } : {}),
    ...(works ? { workSet: column(fc.nat(sets)) } : {}),
    free: table,
    ...(zones === 0 ? {} : { zoneFree: fc.array(table, { minLength: zones, maxLength: zones }) }),
    ...(devices === 0 ? {} : { deviceFree: fc.array(device, { minLength: devices, maxLength: devices }) }),
  });
};

const uniqueBy = <T>(value: fc.Arbitrary<T>, key: (entry: T) => string): fc.Arbitrary<T[]> =>
  fc.uniqueArray(value, { maxLength: 3, selector: key });

const extras: fc.Arbitrary<Partial<CapacityReport>> = fc.record(
  {
    quotas: uniqueBy(
      fc.record({ namespace: name, name, free: records(amount), scopes: fc.array(name, { maxLength: 1 }) }),
      (q) => `${q.namespace}/${q.name}`,
    ),
    potential: uniqueBy(
      fc.record({
        source: fc.constant('karpenter' as const),
        name,
        labels: records(name),
        taints: fc.array(taint, { maxLength: 1 }),
        maxExtra: records(count),
      }),
      (pool) => pool.name,
    ),
    gpuUse: uniqueBy(fc.record({ product: name, gpus: count, utilizationPercent: count, xid: records(count) }), (use) => use.product),
    dra: fc.record({
      kinds: uniqueBy(
        fc.record({
          id: count,
          driver: name,
          classes: fc.array(name, { maxLength: 2 }),
          attributes: records(fc.oneof(name, fc.boolean(), count)),
          capacity: records(count),
          consumes: records(count),
          shared: fc.boolean(),
        }),
        (kind) => String(kind.id),
      ),
      pools: uniqueBy(
        fc.record({
          driver: name,
          pool: name,
          node: name,
          devices: fc.array(fc.record({ kind: count, total: count, free: count }), { maxLength: 2 }),
          counters: records(count),
        }),
        (pool) => `${pool.driver} ${pool.pool} ${pool.node}`,
      ),
    }),
  },
  { requiredKeys: [] },
);

/** A report of this width, with these numbers. */
export const reportOfWidth = (width: Width, epoch: number, seq: number): fc.Arbitrary<CapacityReport> =>
  fc
    .record({ names: fc.uniqueArray(name, { maxLength: 8 }), groupCount: fc.integer({ min: 1, max: 3 }), setCount: fc.nat(2) })
    .chain(({ names, groupCount, setCount }) =>
      fc
        .record({
          observedAtMs: fc.integer({ min: 0, max: 2_000_000_000_000 }),
          complete: fc.boolean(),
          unsupported: fc.array(name, { maxLength: 2 }),
          groups: fc.array(groupOf(width.resources, width.zones, width.devices), { minLength: groupCount, maxLength: groupCount }),
          nodes: nodesOf(width, names.length, groupCount, setCount),
          pending: uniqueBy(
            fc.record({ shapeHash: name, count, oldestSeconds: fc.nat(100), requests: records(count) }),
            (entry) => entry.shapeHash,
          ),
          runtimeClasses: uniqueBy(
            fc.record({ name, handler: name, overhead: records(count), nodeSelector: records(name) }),
            (entry) => entry.name,
          ),
          networks: uniqueBy(fc.record({ namespace: name, name }), (entry) => `${entry.namespace}/${entry.name}`),
          acks: records(count),
          present: records(fc.record({ bound: count, pending: count, nodes: records(count) }, { requiredKeys: ['bound', 'pending'] })),
          extras,
        })
        .map(
          ({ extras: more, nodes, groups, ...rest }): CapacityReport => ({
            kind: 'snapshot',
            epoch,
            seq,
            sources: { nodes: '5' },
            resourceNames: Array.from({ length: width.resources }, (_, at) => `resource-${at}`),
            groups: groups.map((group, id) => ({ id, ...group })),
            nodes: { names, ...nodes },
            ...(width.pods
              ? {
                  podSets: Array.from({ length: setCount }, (_, at) => ({ id: at + 1, pods: [[at, 1, 0] as const] })),
                  podKinds: Array.from({ length: setCount }, (_, at) => ({
                    id: at,
                    namespace: `n${at}`,
                    labels: {},
                    ports: [{ ip: '0.0.0.0', protocol: 'TCP', port: 80 }],
                    antiAffinity: [],
                  })),
                }
              : {}),
            ...(width.works
              ? {
                  works: Array.from({ length: setCount }, (_, at) => ({ id: at, workId: `w${at}` })),
                  workSets: Array.from({ length: setCount }, (_, at) => ({ id: at + 1, pods: [[at, 2, 1] as const] })),
                }
              : {}),
            ...rest,
            ...more,
          }),
        ),
    );

/** Plain JSON with the fields of every object in order. */
const sortedJson = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortedJson);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => compareText(a, b)).map(([key, item]) => [key, sortedJson(item)]));
};

/** A report as plain facts by name: order of nodes and numbers of groups and pod sets do not matter, ages of waiting pods may be cut at 0. */
export const meaningOf = (report: CapacityReport): unknown => {
  const groups = new Map(report.groups.map(({ id, ...group }) => [id, group]));
  const kinds = new Map((report.podKinds ?? []).map(({ id, ...kind }) => [id, kind]));
  const sets = new Map((report.podSets ?? []).map(({ id, pods }) => [id, pods.map(([kind, ...counts]) => [kinds.get(kind), counts])]));
  const works = new Map((report.works ?? []).map(({ id, workId }) => [id, workId]));
  const workSets = new Map((report.workSets ?? []).map(({ id, pods }) => [id, pods.map(([work, ...counts]) => [works.get(work), counts])]));
  const { nodes } = report;
  const rows = nodes.names
    .map((node, row) => ({
      node,
      group: groups.get(nodes.group[row] ?? -1),
      pods: sets.get(nodes.podSet?.[row] ?? 0) ?? [],
      works: workSets.get(nodes.workSet?.[row] ?? 0) ?? [],
      amounts: [
        nodes.podsFree[row],
        nodes.free.map((column) => column[row]),
        (nodes.zoneFree ?? []).map((zone) => zone.map((column) => column[row])),
        (nodes.deviceFree ?? []).map(({ slots, memoryMiB, cores }) => [slots[row], memoryMiB[row], cores[row]]),
      ],
    }))
    .sort((a, b) => compareText(a.node, b.node));
  const list = (entries: readonly unknown[] | undefined): string[] =>
    (entries ?? []).map((entry) => JSON.stringify(sortedJson(entry))).sort();
  const dra = report.dra === undefined ? [] : [list(report.dra.kinds), list(report.dra.pools)];
  return sortedJson({
    rows,
    head: [report.epoch, report.seq, report.observedAtMs, report.resourceNames, report.complete, report.unsupported],
    pending: list(report.pending),
    runtimeClasses: list(report.runtimeClasses),
    networks: list(report.networks),
    acks: Object.entries(report.acks).sort(([a], [b]) => compareText(a, b)),
    present: Object.entries(report.present).sort(([a], [b]) => compareText(a, b)),
    more: [list(report.quotas), list(report.potential), list(report.gpuUse), dra.flat()],
  });
};
