/**
 * @module Many exports become one import (KEP-1645 "Constraints and Conflict Resolution"): ports are united, in everything else the oldest
 * export wins, and all exports of a service that disagree are told so.
 */
import { compareText } from '../lib/compare-text.ts';
import type { ExportCondition, ServiceReport, ServiceShape, TrafficPort, TrafficSpec } from '../wire/traffic.ts';

/** What one cluster exports. */
export type ExportSource = {
  readonly cluster: string;
  readonly report: ServiceReport;
  /** When it was exported: the export's creation, ms since the epoch. */
  readonly sinceMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

/** A reason of the condition Conflict. */
export type ConflictReason =
  | 'PortConflict'
  | 'TypeConflict'
  | 'SessionAffinityConflict'
  | 'SessionAffinityConfigConflict'
  | 'LabelsConflict'
  | 'AnnotationsConflict'
  | 'InternalTrafficPolicyConflict'
  | 'TrafficDistributionConflict'
  | 'IPFamilyConflict';

/** The import, absent while no cluster has a Service that can be exported, and what the exports disagree on. */
export type MergedService = {
  readonly import: TrafficSpec['import'];
  /** Clusters whose endpoints count, oldest export first. */
  readonly valid: readonly (ExportSource & { readonly shape: ServiceShape })[];
  readonly conflicts: readonly { readonly reason: ConflictReason; readonly message: string }[];
};

const portText = ({ name, protocol, port, appProtocol }: TrafficPort): string =>
  `${name === '' ? '' : `${name} `}${port}/${protocol}${appProtocol === undefined ? '' : ` (${appProtocol})`}`;

/** Whether two ports cannot stand beside each other: one name or one number for different things. */
const clash = (a: TrafficPort, b: TrafficPort): boolean =>
  (a.name === b.name || (a.port === b.port && a.protocol === b.protocol)) && portText(a) !== portText(b);

const united = (sources: MergedService['valid']): { ports: TrafficPort[]; clashes: string[] } => {
  const ports: TrafficPort[] = [];
  const clashes: string[] = [];
  for (const { cluster, shape } of sources) {
    for (const port of shape.ports) {
      const rival = ports.find((one) => clash(one, port));
      if (rival !== undefined) clashes.push(`port ${portText(port)} of ${cluster} gives way to ${portText(rival)}`);
      else if (!ports.some((one) => portText(one) === portText(port))) ports.push(port);
    }
  }
  return { ports, clashes };
};

const sorted = (map: Readonly<Record<string, string>>): string => JSON.stringify(Object.entries(map).sort(([a], [b]) => compareText(a, b)));

type Aspect = { readonly reason: ConflictReason; readonly field: string; readonly of: (one: MergedService['valid'][number]) => string };

/** What must be alike, each as a text to compare and to tell. */
const aspects: readonly Aspect[] = [
  { reason: 'TypeConflict', field: 'type', of: ({ shape }) => shape.type },
  { reason: 'SessionAffinityConflict', field: 'sessionAffinity', of: ({ shape }) => shape.sessionAffinity },
  {
    reason: 'SessionAffinityConfigConflict',
    field: 'sessionAffinityConfig',
    of: ({ shape }) => String(shape.sessionAffinitySeconds ?? 'the default'),
  },
  { reason: 'InternalTrafficPolicyConflict', field: 'internalTrafficPolicy', of: ({ shape }) => shape.internalTrafficPolicy ?? 'Cluster' },
  { reason: 'TrafficDistributionConflict', field: 'trafficDistribution', of: ({ shape }) => shape.trafficDistribution ?? 'none' },
  { reason: 'IPFamilyConflict', field: 'ipFamilies', of: ({ shape }) => shape.ipFamilies.join(',') },
  { reason: 'LabelsConflict', field: 'exportedLabels', of: ({ labels }) => sorted(labels) },
  { reason: 'AnnotationsConflict', field: 'exportedAnnotations', of: ({ annotations }) => sorted(annotations) },
];

/** Merges. Order of the input does not matter. */
export const mergeExports = (sources: readonly ExportSource[]): MergedService => {
  const valid = sources
    .flatMap((source) => {
      const { service } = source.report;
      return service === 'None' || service === 'Unfit' ? [] : [{ ...source, shape: service }];
    })
    .sort((a, b) => a.sinceMs - b.sinceMs || compareText(a.cluster, b.cluster));
  const [oldest, ...younger] = valid;
  if (oldest === undefined) return { import: undefined, valid, conflicts: [] };
  const { ports, clashes } = united(valid);
  const conflicts: { reason: ConflictReason; message: string }[] = [];
  if (clashes.length > 0) conflicts.push({ reason: 'PortConflict', message: clashes.join('; ') });
  for (const { reason, field, of } of aspects) {
    const wanted = of(oldest);
    const others = younger.filter((one) => of(one) !== wanted);
    if (others.length > 0)
      conflicts.push({
        reason,
        message: `${field} is ${wanted} in ${oldest.cluster}, whose export is the oldest and wins; ${others.map((one) => `${of(one)} in ${one.cluster}`).join(', ')}`,
      });
  }
  return {
    import: { ...oldest.shape, ports, labels: oldest.labels, annotations: oldest.annotations },
    valid,
    conflicts,
  };
};

/** The conditions of one cluster's export, or of the hub's when `report` is of any cluster (§ conditions of mcs-api v0.5.0). */
export const exportConditions = (
  report: Pick<ServiceReport, 'service'> | undefined,
  { conflicts }: Pick<MergedService, 'conflicts'>,
  notReady: string | undefined,
): readonly ExportCondition[] => {
  const valid: ExportCondition =
    report === undefined || report.service === 'None'
      ? {
          type: 'Valid',
          status: 'False',
          reason: 'NoService',
          message: 'there is no Service of this name: create it, or delete the export',
        }
      : report.service === 'Unfit'
        ? {
            type: 'Valid',
            status: 'False',
            reason: 'InvalidServiceType',
            message: 'a Service of type ExternalName cannot be exported: export one that has endpoints',
          }
        : { type: 'Valid', status: 'True', reason: 'Valid', message: '' };
  const ready: ExportCondition =
    valid.status === 'False'
      ? { type: 'Ready', status: 'False', reason: 'Pending', message: valid.message }
      : notReady === undefined
        ? { type: 'Ready', status: 'True', reason: 'Exported', message: '' }
        : { type: 'Ready', status: 'False', reason: 'Failed', message: notReady };
  const [first] = conflicts;
  const conflict: ExportCondition =
    first === undefined
      ? { type: 'Conflict', status: 'False', reason: 'NoConflicts', message: '' }
      : { type: 'Conflict', status: 'True', reason: first.reason, message: conflicts.map(({ message }) => message).join('. ') };
  return [valid, ready, conflict];
};
