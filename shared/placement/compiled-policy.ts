/** @module A policy made ready for decisions: selectors compiled, defaults filled in. */
import {
  type Adoption,
  compileSelector,
  type OverrideRule,
  type PolicyFailover,
  type PolicySpec,
  type Preemption,
  type Rebalance,
  type Requires,
  type Residency,
  rebalanceDefaults,
  type SpreadConstraint,
  type Strategy,
  type Toleration,
  unreachableTaint,
  type WeightRule,
  type WorkloadTerms,
} from '../api/index.ts';
import type { LabelSelector } from '../kube/selectors/index.ts';
import { qualifiedName } from '../lib/listed.ts';

/** A rule for the clusters that its selector matches. */
export type ForClusters<T> = T & { readonly clusters: LabelSelector };

/** One resource selector, compiled. */
export type CompiledResource = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** Undefined = every object of the kind. */
  readonly labels: LabelSelector | undefined;
};

/** Other workloads in a domain of a cluster label. */
export type CompiledWorkloadTerm = { readonly selector: LabelSelector; readonly topologyKey: string; readonly weight: number };

/** Terms on where other workloads are. */
export type CompiledWorkloadTerms = {
  readonly required: readonly CompiledWorkloadTerm[];
  readonly preferred: readonly CompiledWorkloadTerm[];
};

/** A policy ready for use; compile once a revision. */
export type CompiledPolicy = {
  /** `namespace/name`, or `name` of a cluster-scoped policy. */
  readonly id: string;
  /** '' for a cluster-scoped policy. */
  readonly namespace: string;
  readonly name: string;
  readonly priority: number;
  readonly resources: readonly CompiledResource[];
  readonly propagateDependencies: boolean;
  /** At least one; a policy without tiers has one without a name that matches every cluster. */
  readonly tiers: readonly ForClusters<{ readonly name: string }>[];
  readonly tolerations: readonly Toleration[];
  readonly spread: readonly SpreadConstraint[];
  readonly strategy: Strategy;
  /** Undefined = equal weights; an empty list is none. */
  readonly weights: readonly ForClusters<{ readonly weight: number }>[] | undefined;
  readonly bounds: readonly ForClusters<{ readonly min: number; readonly max: number }>[];
  readonly gang: boolean;
  readonly minReplicas: number;
  /** Its own first, then those of policies that rank above it; every one must hold. */
  readonly residencies: readonly Residency[];
  readonly requires: Requires | undefined;
  readonly near: CompiledWorkloadTerms;
  readonly apart: CompiledWorkloadTerms;
  readonly preferred: readonly ForClusters<{ readonly weight: number }>[];
  readonly preemption: Preemption;
  readonly rebalance: Required<Rebalance>;
  readonly overrides: readonly ForClusters<OverrideRule>[];
  readonly adopt: Adoption;
  readonly failover: PolicyFailover;
  /** What runs begins anew anywhere else: while its cluster takes any of it, more room elsewhere moves nothing. Absent = replicas move one by one. */
  readonly beginsAnew?: true;
};

const unlimited = Number.MAX_SAFE_INTEGER;

const compileTerms = (terms: WorkloadTerms | undefined): CompiledWorkloadTerms => ({
  required: (terms?.required ?? []).map((term) => ({ ...term, weight: 0, selector: compileSelector(term.selector) })),
  preferred: (terms?.preferred ?? []).map((term) => ({ ...term, selector: compileSelector(term.selector) })),
});

/** A lost cluster is borne for so long, counted from the verdict. */
const patience = (afterSeconds: number | undefined): Toleration[] =>
  afterSeconds === undefined ? [] : [{ key: unreachableTaint, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: afterSeconds }];

const weightsOf = (rules: readonly WeightRule[]): CompiledPolicy['weights'] =>
  rules.length === 0 ? undefined : rules.map(({ weight, clusterSelector }) => ({ weight, clusters: compileSelector(clusterSelector) }));

/** Compiles a policy that validation has passed. `namespace` is '' for a ClusterPlacementPolicy. */
export const compilePolicy = (namespace: string, name: string, spec: PolicySpec): CompiledPolicy => {
  const division = spec.replicaScheduling ?? {};
  const tiers = (spec.tiers ?? []).map((tier) => ({ name: tier.name, clusters: compileSelector(tier.clusterSelector) }));
  return {
    id: qualifiedName(namespace, name),
    namespace,
    name,
    priority: spec.priority ?? 0,
    resources: spec.resourceSelectors.map((selector) => ({
      apiVersion: selector.apiVersion,
      kind: selector.kind,
      namespace: namespace === '' ? selector.namespace : namespace,
      name: selector.name,
      labels: selector.labelSelector === undefined ? undefined : compileSelector(selector.labelSelector),
    })),
    propagateDependencies: spec.propagateDependencies ?? true,
    tiers: tiers.length === 0 ? [{ name: '', clusters: compileSelector(undefined) }] : tiers,
    tolerations: [...(spec.tolerations ?? []), ...patience(spec.failover?.afterSeconds)],
    spread: spec.spread ?? [],
    strategy: division.strategy ?? 'Capacity',
    weights: weightsOf(division.weights ?? []),
    bounds: (division.bounds ?? []).map((rule) => ({
      min: rule.min ?? 0,
      max: rule.max ?? unlimited,
      clusters: compileSelector(rule.clusterSelector),
    })),
    gang: division.gang ?? false,
    minReplicas: division.minReplicas ?? 0,
    residencies: spec.residency === undefined ? [] : [spec.residency],
    requires: spec.requires,
    near: compileTerms(spec.workloadAffinity),
    apart: compileTerms(spec.workloadAntiAffinity),
    preferred: (spec.preferredClusters ?? []).map((rule) => ({ weight: rule.weight, clusters: compileSelector(rule.clusterSelector) })),
    preemption: spec.preemption ?? 'Never',
    rebalance: { ...rebalanceDefaults, ...spec.rebalance },
    overrides: (spec.overrides ?? []).map((rule) => ({ ...rule, clusters: compileSelector(rule.clusterSelector) })),
    adopt: spec.adopt ?? 'Never',
    failover: spec.failover ?? {},
  };
};
