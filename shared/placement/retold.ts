/** @module Decisions that build on others, told as one. */
import { type ExplanationRow, explanationRows, keptExplanation } from '../api/index.ts';
import type { Decision, NodelessCluster, Workload } from './model.ts';

/** The cost of a second decision, with what there was before the first. */
const costAgainst = (first: Decision['cost'], second: NonNullable<Decision['cost']>): NonNullable<Decision['cost']> => {
  const { others = [] } = second;
  const had = new Map(first?.others?.map(({ currency, before }) => [currency, before]));
  return {
    ...second,
    before: first?.before ?? second.before,
    ...(others.length === 0 ? {} : { others: others.map((one) => ({ ...one, before: had.get(one.currency) ?? '0' })) }),
  };
};

/** A decision that builds on another one, told against what was before both. */
export const heldAgainst = ({ current }: Workload, first: Decision, second: Decision): Decision => ({
  ...unexplained(second),
  ...(first.nodeless === undefined ? {} : { nodeless: first.nodeless }),
  cost: second.cost === undefined ? undefined : costAgainst(first.cost, second.cost),
  get explained() {
    return keptExplanation(explanationRows(second.explained).map((row) => ({ ...row, before: current.get(row.cluster) ?? 0 })));
  },
});

/** The decision with something else to say, explained as before. */
const retold = (decision: Decision, change: Partial<Omit<Decision, 'explained'>>): Decision => ({
  ...unexplained(decision),
  ...change,
  get explained() {
    return decision.explained;
  },
});

/** The decision with more to say. */
export const withMessage = (decision: Decision, more: string): Decision =>
  more === '' ? decision : retold(decision, { message: `${decision.message}${more}` });

/** The decision with more said of its clusters. */
export const withClusters = (decision: Decision, clusters: Decision['clusters']): Decision =>
  clusters === decision.clusters ? decision : retold(decision, { clusters });

/** A copy must not ask for the explanation. */
const unexplained = ({
  clusters,
  unplaced,
  reason,
  message,
  binding,
  cost,
  nodeless,
  recheckAtMs,
}: Decision): Omit<Decision, 'explained'> => ({
  clusters,
  unplaced,
  reason,
  message,
  binding,
  cost,
  ...(nodeless === undefined ? {} : { nodeless }),
  recheckAtMs,
});

/** The decision with what becomes of replicas that no node can take, which the rows of their clusters tell as well. */
export const withNodeless = (
  decision: Decision,
  nodeless: readonly NodelessCluster[],
  textOf: (cluster: NodelessCluster) => string,
): Decision => ({
  ...unexplained(decision),
  nodeless,
  get explained() {
    const waiting = new Map(nodeless.flatMap((one) => (one.waiting > 0 ? [[one.name, one] as const] : [])));
    return rowsChanged(decision, (row) => {
      const one = waiting.get(row.cluster);
      return one === undefined ? row : { ...row, reason: 'capacity', message: textOf(one) };
    });
  },
});

const rowsChanged = ({ explained }: Decision, change: (row: ExplanationRow) => ExplanationRow): Decision['explained'] =>
  keptExplanation(explanationRows(explained).map(change));

/** The decision with another node kept in these clusters for so many of the nodeless, which wait for that and for nothing else. */
export const withKeptAgain = (
  decision: Decision,
  again: ReadonlyMap<string, number>,
  textOf: (count: number) => string,
  waitingText: (cluster: NodelessCluster) => string,
): Decision => {
  const nodeless = (decision.nodeless ?? []).map((one) => ({ ...one, waiting: Math.max(0, one.waiting - (again.get(one.name) ?? 0)) }));
  const { nodeless: _before, ...rest } = unexplained(decision);
  const left = nodeless.filter(({ moved, waiting }) => moved + waiting > 0);
  return {
    ...rest,
    ...(left.length === 0 ? {} : { nodeless: left }),
    get explained() {
      const waiting = new Map(left.flatMap((one) => (one.waiting > 0 ? [[one.name, one] as const] : [])));
      return rowsChanged(decision, (row) => {
        const [count, one] = [again.get(row.cluster), waiting.get(row.cluster)];
        if (count === undefined) return row;
        return one === undefined
          ? { ...row, reason: '', message: textOf(count) }
          : { ...row, message: `${waitingText(one)}; ${textOf(count)}` };
      });
    },
  };
};
