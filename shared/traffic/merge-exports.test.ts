/** @module What importers get when several clusters export one service, and what the exports are told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServiceShape } from '../wire/traffic.ts';
import { type ExportSource, exportConditions, mergeExports } from './merge-exports.ts';

const http = { name: 'http', protocol: 'TCP', port: 80 } as const;
const shape: ServiceShape = { type: 'ClusterSetIP', ports: [http], sessionAffinity: 'None', ipFamilies: ['IPv4'] };
const source = (cluster: string, sinceMs: number, service: ServiceShape | 'None' | 'Unfit' = shape, more: Partial<ExportSource> = {}) => ({
  cluster,
  sinceMs,
  labels: {},
  annotations: {},
  report: { service, addresses: [], sets: [], leftOut: 0 },
  ...more,
});
const reasons = (sources: readonly ExportSource[]): string[] => mergeExports(sources).conflicts.map(({ reason }) => reason);

describe('exports of one service', () => {
  it('that agree are one import without conflicts', () => {
    const merged = mergeExports([source('b', 2), source('a', 1)]);
    expect(merged.conflicts).toEqual([]);
    expect(merged.import).toMatchObject({ type: 'ClusterSetIP', ports: [http] });
    expect(merged.valid.map(({ cluster }) => cluster)).toEqual(['a', 'b']);
  });

  it('unite their ports', () => {
    const metrics = { name: 'metrics', protocol: 'TCP', port: 9090 } as const;
    const merged = mergeExports([source('a', 1), source('b', 2, { ...shape, ports: [http, metrics] })]);
    expect(merged.import?.ports).toEqual([http, metrics]);
    expect(merged.conflicts).toEqual([]);
  });

  it.each([
    ['a port of the same name', { ports: [{ ...http, port: 8080 }] }, 'PortConflict'],
    ['a port of the same number', { ports: [{ ...http, name: 'web' }] }, 'PortConflict'],
    ['the type', { type: 'Headless' as const }, 'TypeConflict'],
    ['session affinity', { sessionAffinity: 'ClientIP' as const }, 'SessionAffinityConflict'],
    ['how long a client stays', { sessionAffinitySeconds: 60 }, 'SessionAffinityConfigConflict'],
    ['the internal traffic policy', { internalTrafficPolicy: 'Local' }, 'InternalTrafficPolicyConflict'],
    ['the traffic distribution', { trafficDistribution: 'PreferClose' }, 'TrafficDistributionConflict'],
    ['IP families', { ipFamilies: ['IPv6'] }, 'IPFamilyConflict'],
  ])('that disagree on %s are told so, and the oldest wins', (_, change, reason) => {
    const young = source('a', 9, { ...shape, ...change });
    const merged = mergeExports([young, source('b', 1)]);
    expect(merged.import).toMatchObject(shape);
    expect(reasons([young, source('b', 1)])).toEqual([reason]);
  });

  it.each([
    ['labels', { labels: { team: 'x' } }, 'LabelsConflict'],
    ['annotations', { annotations: { note: 'x' } }, 'AnnotationsConflict'],
  ])('that disagree on %s keep those of the oldest', (field, more, reason) => {
    expect(reasons([source('a', 1, shape, more), source('b', 2)])).toEqual([reason]);
    expect(mergeExports([source('a', 1, shape, more), source('b', 2)]).import).toMatchObject({ [field]: Object.values(more)[0] });
  });

  it('without a Service, or of a kind that has no endpoints, are no import', () => {
    const merged = mergeExports([source('a', 1, 'None'), source('b', 2, 'Unfit')]);
    expect(merged.import).toBeUndefined();
    expect(exportConditions({ service: 'None' }, merged, undefined)).toMatchObject([
      { type: 'Valid', status: 'False', reason: 'NoService' },
      { type: 'Ready', status: 'False', reason: 'Pending' },
      { type: 'Conflict', status: 'False', reason: 'NoConflicts' },
    ]);
    expect(exportConditions({ service: 'Unfit' }, merged, undefined)[0]).toMatchObject({ reason: 'InvalidServiceType' });
  });

  it('are merged alike in whatever order they come', () => {
    const drawn = fc.uniqueArray(
      fc.record({ cluster: fc.constantFrom('a', 'b', 'c', 'd'), sinceMs: fc.nat({ max: 3 }), port: fc.constantFrom(80, 81) }),
      { selector: ({ cluster }) => cluster },
    );
    fc.assert(
      fc.property(drawn, fc.infiniteStream(fc.nat()), (picked, order) => {
        const sources = picked.map(({ cluster, sinceMs, port }) => source(cluster, sinceMs, { ...shape, ports: [{ ...http, port }] }));
        const shuffled = sources
          .map((one) => ({ one, at: order.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
        expect(mergeExports(shuffled)).toEqual(mergeExports(sources));
      }),
    );
  });
});
