/** @module A plan as lines for people: what moves, what it costs, and what does not fit. */
import { costOfPlan, type Plan, type PlannedPlacement } from '../../shared/plan/index.ts';
import { tableLines } from './table.ts';

const nameOf = ({ object }: PlannedPlacement): string =>
  `${object.kind.toLowerCase()}/${object.name}${object.namespace === '' ? '' : ` (${object.namespace})`}`;

/** What becomes of one cluster's share. */
const changeOf = (before: number, after: number): string => {
  if (before === after) return '';
  if (before === 0) return 'new';
  return after === 0 ? 'gone' : after > before ? `+${after - before}` : `${after - before}`;
};

const rowsOf = (placement: PlannedPlacement): string[][] => {
  const { clusters, unplaced, message } = placement;
  const rows = clusters.map(({ cluster, before, replicas }) => [cluster, String(before), String(replicas), changeOf(before, replicas)]);
  if (unplaced > 0) rows.push(['(unplaced)', '', String(unplaced), message]);
  if (rows.length === 0) rows.push(['(nowhere)', '', '0', message]);
  return rows.map((row, at) => [at === 0 ? nameOf(placement) : '', ...row]);
};

/** Replicas that come to a cluster where they were not. */
const movesOf = ({ clusters }: PlannedPlacement): number =>
  clusters.reduce((sum, { before, replicas }) => sum + Math.max(0, replicas - before), 0);

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** The lines that `hanse plan` prints. */
export const planLines = (plan: Plan): string[] => {
  const { placements, unselected } = plan;
  const unplaced = placements.reduce((sum, placement) => sum + placement.unplaced, 0);
  const started = placements.reduce((sum, placement) => sum + movesOf(placement), 0);
  const cost = costOfPlan(plan);
  const isPriced = placements.some((placement) => placement.cost !== undefined);
  return [
    ...(placements.length === 0 ? ['nothing to place: no policy selects an object of the files'] : []),
    ...(placements.length === 0 ? [] : tableLines(['OBJECT', 'CLUSTER', 'BEFORE', 'AFTER', 'CHANGE'], placements.flatMap(rowsOf))),
    '',
    `${plural(placements.length, 'object')}, ${plural(started, 'replica')} to start, ${unplaced} unplaced`,
    ...(isPriced ? [`cost an hour ${cost.after} ${cost.currency}, before ${cost.before}`.replace('  ', ' ')] : []),
    ...(unselected.length === 0
      ? []
      : [`no policy selects ${unselected.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`).join(', ')}`]),
  ];
};
