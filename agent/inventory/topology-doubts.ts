/** @module NodeResourceTopologies that cannot be read, say what is not known, or contradict their node: what of it a report tells. */
import { doubtLines } from '../../shared/capacity/doubt-lines.ts';
import { zoneDoubts } from '../../shared/capacity/dump-doubts.ts';
import type { NodeGroup } from '../../shared/capacity/report.ts';
import type { InventoryState } from './state.ts';

/** How much is in doubt, and why. */
export type TopologyDoubt = { readonly doubt: NonNullable<NodeGroup['topologyDoubt']>; readonly why: readonly string[] };

/** The doubts by node, of those that have any. */
export const topologyDoubts = (state: InventoryState, names: readonly string[]): ReadonlyMap<string, TopologyDoubt> =>
  new Map(
    names.flatMap((name) => {
      const found = doubtOf(state, name);
      return found === undefined ? [] : [[name, found] as const];
    }),
  );

const doubtOf = ({ zones, nodes, kubelets }: InventoryState, name: string): TopologyDoubt | undefined => {
  const facts = zones.get(name);
  if (facts === undefined) return undefined;
  if (facts.settings === undefined) return { doubt: 'unread', why: facts.doubts };
  const totals = facts.zones.map(({ total }) => Object.entries(total));
  // A kubelet that tells its own settings leaves no doubt of them.
  const why = [...(kubelets.has(name) ? [] : facts.doubts), ...zoneDoubts(totals, facts.others, nodes.get(name)?.machine ?? new Map())];
  return why.length === 0 ? undefined : { doubt: 'unsure', why };
};

/** These doubts in few lines, for people. */
export const topologyLines = (doubts: ReadonlyMap<string, TopologyDoubt>): readonly string[] =>
  doubtLines([...doubts].flatMap(([name, { why }]) => why.map((text) => `NodeResourceTopology ${name}: ${text}`)));
