/** @module What is known of one service: who exports it, since when, and what each cluster offers of it. Pure. */
import type { ServiceExport } from '../../../shared/api/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { ExportSource } from '../../../shared/traffic/index.ts';
import type { ServiceReport } from '../../../shared/wire/index.ts';
import type { KnownAnswer } from './answers.ts';

/** What is looked at. */
export type ServiceFacts = {
  /** The ServiceExport at the hub. */
  readonly exported: ServiceExport | undefined;
  /** Clusters that the hub's Service is sent to. */
  readonly sentTo: readonly string[];
  readonly answers: ReadonlyMap<string, KnownAnswer>;
  /** Clusters that take part. */
  readonly members: ReadonlySet<string>;
};

/** What it comes to. */
export type Gathered = {
  /** Somebody exports it. */
  readonly isExported: boolean;
  /** Clusters that shall report the Service because the hub exports it. */
  readonly wanted: ReadonlySet<string>;
  /** Exports that have said what they offer. */
  readonly sources: readonly ExportSource[];
  /** Reports by cluster, as far as the cluster exports. */
  readonly reports: ReadonlyMap<string, ServiceReport>;
};

/** Gathers. */
export const gather = ({ exported, sentTo, answers, members }: ServiceFacts): Gathered => {
  const isHubs = exported !== undefined && exported.metadata.deletionTimestamp === undefined;
  const wanted = new Set(isHubs ? sentTo.filter((cluster) => members.has(cluster)) : []);
  const hubSinceMs = Date.parse(exported?.metadata.creationTimestamp ?? '') || 0;
  const reports = new Map<string, ServiceReport>();
  const sources: ExportSource[] = [];
  for (const [cluster, { report }] of [...answers].sort(([a], [b]) => compareText(a, b))) {
    if (report === undefined || !members.has(cluster)) continue;
    const found = report.export;
    if (found === undefined && !wanted.has(cluster)) continue;
    reports.set(cluster, report);
    const own = { sinceMs: found?.createdMs ?? hubSinceMs, labels: found?.labels ?? {}, annotations: found?.annotations ?? {} };
    // Where both speak the older one counts, and the hub's says what goes along.
    const hubs = {
      sinceMs: Math.min(own.sinceMs, hubSinceMs),
      labels: exported?.spec?.exportedLabels ?? {},
      annotations: exported?.spec?.exportedAnnotations ?? {},
    };
    sources.push({ cluster, report, ...(isHubs && wanted.has(cluster) ? hubs : own) });
  }
  const isFound = [...answers].some(([cluster, { report }]) => report?.export !== undefined && members.has(cluster));
  return { isExported: isHubs || isFound, wanted, sources, reports };
};
