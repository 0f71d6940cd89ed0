/** @module Whether a count over a report meets nodes of whose NodeResourceTopology not all is known or can be. */
import { asksForHost, type NodeDemand, nodeRefusal } from './node-match.ts';
import type { CapacityReport } from './report.ts';

/** True where the demand may run on such nodes: like a dump's, the count is an estimate then, whatever it is bound by. */
export const meetsDoubts = ({ groups }: Pick<CapacityReport, 'groups'>, demand: NodeDemand): boolean =>
  groups.some((group) => group.topologyDoubt !== undefined && (asksForHost(demand) || nodeRefusal(group, '', demand) === undefined));
