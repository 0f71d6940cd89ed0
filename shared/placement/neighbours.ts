/** @module Affinities between workloads at cluster level: in which domains others are, and what that means for a cluster. */
import type { ExplanationScore } from '../api/index.ts';
import { matchesLabels } from '../kube/selectors/index.ts';
import type { CompiledPolicy, CompiledWorkloadTerm } from './compiled-policy.ts';
import type { OtherWorkload, Workload } from './model.ts';
import { labelOf, type Prepared, type Refusal, type Standing } from './prepare.ts';

/** A term and the domains in which workloads that match it are. */
type Reached = { readonly term: CompiledWorkloadTerm; readonly domains: ReadonlySet<string> };

/** What other workloads mean for the clusters; undefined when neither side has such terms. */
export type Neighbours = {
  readonly refusal: (standing: Standing) => Refusal | undefined;
  readonly scores: (standing: Standing) => readonly ExplanationScore[];
};

const isSelf = (other: OtherWorkload, workload: Workload): boolean =>
  other.ref.kind === workload.ref.kind && other.ref.name === workload.ref.name && other.ref.apiVersion === workload.ref.apiVersion;

const reach = (term: CompiledWorkloadTerm, prepared: Prepared, others: readonly OtherWorkload[]): Reached => {
  const domains = new Set<string>();
  for (const other of others) if (matchesLabels(term.selector, other.labels)) addDomains(term, other, prepared, domains);
  return { term, domains };
};

const addDomains = (term: CompiledWorkloadTerm, other: OtherWorkload, prepared: Prepared, into: Set<string>): void => {
  for (const name of other.clusters) {
    const view = prepared.standings[prepared.index.get(name) ?? -1]?.view;
    const value = view === undefined ? undefined : labelOf(view, term.topologyKey);
    if (value !== undefined) into.add(value);
  }
};

/** Where others must be apart from the workload, whatever its own policy says: one entry a topology key. */
const keptOut = (workload: Workload, prepared: Prepared, others: readonly OtherWorkload[]): Reached[] => {
  const byKey = new Map<string, { readonly term: CompiledWorkloadTerm; readonly domains: Set<string> }>();
  for (const other of others) {
    for (const term of other.apart ?? []) {
      if (!matchesLabels(term.selector, workload.labels ?? {})) continue;
      const reached = byKey.get(term.topologyKey) ?? { term, domains: new Set<string>() };
      byKey.set(term.topologyKey, reached);
      addDomains(term, other, prepared, reached.domains);
    }
  }
  return [...byKey.values()].filter(({ domains }) => domains.size > 0);
};

const isIn = ({ term, domains }: Reached, standing: Standing): boolean => domains.has(labelOf(standing.view, term.topologyKey) ?? '\n');

/** Reads the policy's terms against where others are. Others in other namespaces do not count. */
export const neighboursOf = (
  policy: CompiledPolicy,
  prepared: Prepared,
  workload: Workload,
  others: readonly OtherWorkload[],
): Neighbours | undefined => {
  const { near, apart } = policy;
  const isAlone = near.required.length + near.preferred.length + apart.required.length + apart.preferred.length === 0;
  if (isAlone && !others.some((other) => (other.apart ?? []).length > 0)) return undefined;
  const around = others.filter((other) => other.ref.namespace === workload.ref.namespace && !isSelf(other, workload));
  const outside = keptOut(workload, prepared, around);
  if (isAlone && outside.length === 0) return undefined;
  const reached = (terms: readonly CompiledWorkloadTerm[]): Reached[] => terms.map((term) => reach(term, prepared, around));
  const labels = workload.labels ?? {};
  // Nobody to be near yet: the first of a group that belongs together, or of a circle, goes anywhere (as pods do, core/v1 PodAffinity).
  const nearRequired = reached(near.required).filter(
    ({ term, domains }) => domains.size > 0 || !(workload.breaksCircle === true || matchesLabels(term.selector, labels)),
  );
  const apartRequired = reached(apart.required);
  const preferred = [
    ...reached(near.preferred).map((entry, at) => ({ ...entry, name: `workloadAffinity.preferred[${at}]`, sign: 1 })),
    ...reached(apart.preferred).map((entry, at) => ({ ...entry, name: `workloadAntiAffinity.preferred[${at}]`, sign: -1 })),
  ];
  return {
    refusal: (standing) => {
      const far = nearRequired.find((entry) => !isIn(entry, standing));
      if (far !== undefined) {
        const message =
          far.domains.size === 0
            ? 'none of the workloads it must be near is placed yet'
            : `the workloads it must be near are in other domains of ${far.term.topologyKey}`;
        return { reason: 'workloadAffinity', message };
      }
      const close = apartRequired.find((entry) => isIn(entry, standing));
      const closed = close ?? outside.find((entry) => isIn(entry, standing));
      if (closed === undefined) return undefined;
      if (close === undefined)
        return {
          reason: 'workloadAntiAffinity',
          message: `a workload that must be apart from it is in the same ${closed.term.topologyKey}`,
        };
      return { reason: 'workloadAntiAffinity', message: `a workload it must keep away from is in the same ${close.term.topologyKey}` };
    },
    scores: (standing) =>
      preferred.flatMap((entry) => (isIn(entry, standing) ? [{ term: entry.name, score: entry.sign * entry.term.weight }] : [])),
  };
};
