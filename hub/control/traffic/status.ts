/** @module What people see of traffic: conditions of ServiceExports, ServiceImports, and the status of TrafficPolicies. Pure. */
import type {
  ClusterHeadroom,
  ServiceExport,
  ServiceImport,
  TrafficPolicy,
  TrafficPolicyStatus,
  TrafficServiceStatus,
} from '../../../shared/api/index.ts';
import { type Condition, withCondition } from '../../../shared/kube/condition.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { CompiledService } from '../../../shared/traffic/index.ts';
import type { ExportCondition } from '../../../shared/wire/index.ts';
import type { KnownAnswer } from './answers.ts';
import type { Uses } from './uses.ts';
import { waitsOf, waitText } from './waits.ts';

/** Conditions with these in place. */
export const conditionsAfter = (
  old: readonly Condition[] | undefined,
  found: readonly ExportCondition[],
  generation: number | undefined,
  nowMs: number,
): readonly Condition[] =>
  found.reduce<readonly Condition[]>(
    (all, next) => withCondition(all, { ...next, ...(generation === undefined ? {} : { observedGeneration: generation }) }, nowMs),
    old ?? [],
  );

/** `spec` of the hub's ServiceImport. Addresses are each cluster's own. */
export const importSpec = (shape: NonNullable<CompiledService['import']>): ServiceImport['spec'] => ({
  type: shape.type,
  ports: shape.ports.map(({ name, ...rest }) => (name === '' ? rest : { name, ...rest })),
  sessionAffinity: shape.sessionAffinity,
  ipFamilies: shape.ipFamilies,
  ...(shape.internalTrafficPolicy === undefined ? {} : { internalTrafficPolicy: shape.internalTrafficPolicy }),
  ...(shape.trafficDistribution === undefined ? {} : { trafficDistribution: shape.trafficDistribution }),
});

/** `status` of the hub's ServiceImport. */
export const importStatus = (
  old: ServiceImport['status'],
  compiled: CompiledService,
  waitingFor: readonly string[],
  nowMs: number,
): NonNullable<ServiceImport['status']> => {
  const ready: ExportCondition =
    waitingFor.length === 0
      ? { type: 'Ready', status: 'True', reason: 'Ready', message: '' }
      : { type: 'Ready', status: 'False', reason: 'Pending', message: `not yet in ${waitingFor.join(', ')}` };
  return {
    clusters: compiled.sources.map(({ name }) => ({ cluster: name })),
    conditions: conditionsAfter(old?.conditions, [ready], undefined, nowMs),
  };
};

/** `status` of the hub's ServiceExport. */
export const exportStatus = (
  object: ServiceExport,
  conditions: readonly ExportCondition[],
  nowMs: number,
): NonNullable<ServiceExport['status']> => ({
  conditions: conditionsAfter(object.status?.conditions, conditions, object.metadata.generation, nowMs),
});

/** A service as its policy tells of it. */
export type PolicyService = {
  readonly name: string;
  readonly compiled: CompiledService | undefined;
  /** Newest epoch sent. */
  readonly epoch: number;
  readonly answers: ReadonlyMap<string, KnownAnswer>;
  /** Clusters that were sent a record, with its epoch. */
  readonly sent: readonly { readonly cluster: string; readonly epoch: number }[];
  /** Why it is not sent. */
  readonly problem: string | undefined;
  /** By what its losses are planned, where it is measured. */
  readonly uses: Uses;
};

const sharesText = ({ sources }: CompiledService): string => {
  const total = sources.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return 'no cluster has a ready endpoint';
  return sources
    .filter(({ weight }) => weight > 0)
    .map(({ name, weight }) => `${name} ${Math.round((weight * 100) / total)}%`)
    .join(', ');
};

const awayText = (answers: PolicyService['answers']): string[] => {
  const told = new Map<string, string[]>();
  for (const [at, { applied }] of answers)
    for (const { cluster, why, percent } of applied?.away ?? []) {
      const text = `${cluster} ${percent}% (${why})`;
      told.set(text, [...(told.get(text) ?? []), at]);
    }
  return [...told].map(([text, at]) => `${text} in ${at.sort(compareText).join(', ')}`).sort(compareText);
};

const headroomOf = (cluster: string, { uses, answers }: Pick<PolicyService, 'uses' | 'answers'>): ClusterHeadroom => {
  const use = uses.get(cluster);
  if (use !== undefined) return { cluster, basis: 'Measured', usePercent: Math.round(use / 10) };
  const reason = answers.get(cluster)?.report?.unmeasured;
  return { cluster, basis: 'Declared', ...(reason === undefined ? {} : { reason: unmeasuredText[reason] }) };
};

const unmeasuredText = {
  Forbidden:
    'the agent may not list pods of metrics.k8s.io: grant get and list on them to its identity (hanse join --manifest shows all it needs)',
  NoRequests: 'containers of its pods request no CPU: set resources.requests.cpu of each',
} as const;

const serviceStatus = ({ name, compiled, epoch, answers, uses }: PolicyService): TrafficServiceStatus[] => {
  if (compiled === undefined) return [];
  const away = awayText(answers);
  const shortfalls = compiled.shortfalls.map(({ lost, unserved }) => ({ lost: lost.join(', '), unserved }));
  return [
    {
      name,
      epoch,
      shares: sharesText(compiled),
      ...(away.length === 0 ? {} : { away }),
      ...(shortfalls.length === 0 ? {} : { shortfalls }),
      headroom: compiled.sources.map((source) => headroomOf(source.name, { uses, answers })),
    },
  ];
};

const messageMax = 2_000;
const condition = (type: string, troubles: readonly string[], reason: string, fine: string, finely: string): ExportCondition =>
  troubles.length === 0
    ? { type, status: 'True', reason: fine, message: finely }
    : { type, status: 'False', reason, message: troubles.join('; ').slice(0, messageMax) };

/** Clusters that have not taken the newest record yet. */
export const waitingFor = ({ answers, sent }: Pick<PolicyService, 'answers' | 'sent'>): string[] =>
  sent.flatMap(({ cluster, epoch }) => ((answers.get(cluster)?.applied?.epoch ?? 0) >= epoch ? [] : [cluster])).sort(compareText);

const lacksOf = ({ name, answers, compiled }: PolicyService): string[] => [
  ...[...answers].flatMap(([cluster, { applied }]) => (applied?.lacks ?? []).map((lack) => `${cluster}: ${lack}`)),
  ...(compiled?.cuts ?? []).map((cut) => `${name}: ${cut}`),
];

const waitsText = ({ name, answers, sent, compiled }: PolicyService): string[] =>
  compiled === undefined
    ? []
    : waitsOf(answers, new Set(sent.map(({ cluster }) => cluster))).map(
        (wait) => `${name} in ${wait.at.join(', ')}: ${waitText(wait, compiled.failback)}`,
      );

/** `status` of a policy. */
export const policyStatus = (policy: TrafficPolicy, services: readonly PolicyService[], nowMs: number): TrafficPolicyStatus => {
  const known = [...services].sort((a, b) => compareText(a.name, b.name));
  const missing = (policy.spec.services ?? [])
    .filter((name) => !known.some((service) => service.name === name))
    .map((name) => `${name} is not exported: create a ServiceExport of this name`);
  const held = known.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`]));
  const late = known.flatMap((service) => {
    const clusters = waitingFor(service);
    return clusters.length === 0 ? [] : [`${service.name} is not yet in ${clusters.join(', ')}`];
  });
  const short = known.flatMap(({ name, compiled }) =>
    (compiled?.shortfalls ?? []).map(
      ({ lost, unserved }) => `without ${lost.join(', ')} ${unserved} requests a second of ${name} find no room`,
    ),
  );
  const lacks = [...new Set(known.flatMap(lacksOf))].sort(compareText);
  const found = [
    condition(
      'Ready',
      [...missing, ...held, ...late],
      missing.length > 0 ? 'NotExported' : held.length > 0 ? 'Held' : 'Waiting',
      'Applied',
      'all clusters act by it',
    ),
    condition('Complete', lacks, 'Lacking', 'Complete', 'all clusters serve the kinds that it takes'),
    condition(
      'Fits',
      short,
      'Shortfall',
      'Fits',
      policy.spec.demand === undefined ? 'no demand is declared' : 'every loss that is planned for fits the others',
    ),
    condition('Returns', known.flatMap(waitsText), 'Waiting', 'Free', 'no cluster waits to be let back in'),
  ];
  return {
    observedGeneration: policy.metadata.generation ?? 0,
    services: known.flatMap(serviceStatus),
    conditions: conditionsAfter(policy.status?.conditions, found, policy.metadata.generation, nowMs),
  };
};
