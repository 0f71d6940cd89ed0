/** @module A plan as lines for people: what moves, who ends above which load, what it costs, and what does not fit. */
import { compareText } from '../../shared/lib/compare-text.ts';
import { counted } from '../../shared/lib/counted.ts';
import { listed } from '../../shared/lib/listed.ts';
import { type AnsweredLoad, type AnsweredPlacement, type Measure, measures, type PlanAnswer } from '../../shared/plan/index.ts';
import { type Paint, painter, type Tone } from './colour.ts';
import { costText } from './cost-text.ts';
import { fitsText } from './fits-text.ts';
import { tableLines } from './table.ts';

const nameOf = ({ object }: Pick<AnsweredPlacement, 'object'>): string =>
  `${object.kind.toLowerCase()}/${object.name}${object.namespace === '' ? '' : ` (${object.namespace})`}`;

/** What becomes of one cluster's share. */
const changeOf = (before: number, after: number): string => {
  if (before === after) return '';
  if (before === 0) return 'new';
  return after === 0 ? 'gone' : after > before ? `+${after - before}` : `${after - before}`;
};

type Share = { readonly cluster: string; readonly before: number; readonly after: number; readonly stay: string };

const stayWords: Readonly<Record<NonNullable<AnsweredPlacement['staying']>[number]['reason'], string>> = {
  Drained: 'drained',
  Lost: 'lost, nothing is deleted there',
  Returning: 'just back',
  Deselected: 'selected no more',
};

/** What runs in each cluster, placed there or not; sorted by name. */
const sharesOf = ({ clusters, staying = [] }: Pick<AnsweredPlacement, 'clusters' | 'staying'>): readonly Share[] => {
  const shares = new Map(clusters.map(({ cluster, before, replicas }) => [cluster, { cluster, before, after: replicas, stay: '' }]));
  for (const { cluster, before, replicas, reason } of staying) {
    const placed = shares.get(cluster) ?? { before: 0, after: 0 };
    const stay = replicas === 0 ? '' : `${replicas} ${replicas === 1 ? 'stays' : 'stay'}: ${stayWords[reason]}`;
    shares.set(cluster, { cluster, before: placed.before + before, after: placed.after + replicas, stay });
  }
  return [...shares.values()].sort((a, b) => compareText(a.cluster, b.cluster));
};

/** Clusters named in a line. */
const clustersMax = 5;

/** What clusters can add at least, where that is not all they may: what is unplaced may find a place there. */
const estimateText = ({ explain }: AnsweredPlacement): string => {
  const open = explain.filter(({ eligible, exact, fits }) => eligible && exact === false && fits !== undefined);
  const told = open.map(({ cluster, fits = 0 }) => `${cluster} can add ${fitsText(fits, false)}`);
  return told.length === 0 ? '' : `; an estimate: ${listed(told, clustersMax)}, and may take more`;
};

type Row = { readonly cells: readonly string[]; readonly tone: Tone | undefined };

const toneOf = (before: number, after: number): Tone | undefined =>
  before === after ? undefined : before === 0 ? 'good' : after === 0 ? 'bad' : 'changed';

const rowsOf = (placement: AnsweredPlacement): Row[] => {
  const { unplaced, message = '' } = placement;
  const rows: Row[] = sharesOf(placement).map(({ cluster, before, after, stay }) => ({
    cells: [cluster, String(before), String(after), [changeOf(before, after), stay].filter((part) => part !== '').join(', ')],
    tone: stay === '' ? toneOf(before, after) : 'changed',
  }));
  if (unplaced > 0) rows.push({ cells: ['(unplaced)', '', String(unplaced), `${message}${estimateText(placement)}`], tone: 'bad' });
  if (rows.length === 0) rows.push({ cells: ['(nowhere)', '', '0', message], tone: placement.reason === undefined ? 'faint' : 'bad' });
  return rows.map(({ cells, tone }, at) => ({ cells: [at === 0 ? nameOf(placement) : '', ...cells], tone }));
};

/** A table whose lines have the tones of their rows. */
export const paintedTable = (header: readonly string[], rows: readonly Row[], paint: Paint): string[] =>
  tableLines(
    header,
    rows.map(({ cells }) => cells),
  ).map((line, at) => paint(line, at === 0 ? 'head' : rows[at - 1]?.tone));

/** Replicas that come to a cluster where they were not. */
const startedIn = (placement: AnsweredPlacement): number =>
  sharesOf(placement).reduce((sum, { before, after }) => sum + Math.max(0, after - before), 0);

/** `, 2 of which stay where they run`; '' when none does. */
const runOnText = (placements: readonly AnsweredPlacement[]): string => {
  const count = placements.reduce((sum, { staying = [] }) => sum + staying.reduce((all, { replicas }) => all + replicas, 0), 0);
  return count === 0 ? '' : `, ${count} of which ${count === 1 ? 'stays where it runs' : 'stay where they run'}`;
};

const measureHeads: Readonly<Record<Measure, string>> = { cpuMilli: 'CPU', memoryMiB: 'MEMORY', gpu: 'GPU', pods: 'PODS' };
/** Percent used from which a cluster is shown as nearly full. */
const fullPercent = 90;

const loadCell = (load: AnsweredLoad, measure: Measure): string => {
  const amount = load[measure];
  if (amount === undefined) return '';
  const { percentBefore, percentAfter, freeBefore, freeAfter } = amount;
  if (percentBefore === undefined || percentAfter === undefined) {
    return freeBefore === freeAfter ? `${freeAfter} free` : `${freeBefore} -> ${freeAfter} free`;
  }
  return percentBefore === percentAfter ? `${percentAfter}%` : `${percentBefore}% -> ${percentAfter}%`;
};

const isLoadChanged = (load: AnsweredLoad): boolean => measures.some((measure) => load[measure]?.freeBefore !== load[measure]?.freeAfter);

const loadTone = (load: AnsweredLoad): Tone | undefined => {
  if (load.lost === true) return 'faint';
  return measures.some((measure) => (load[measure]?.percentAfter ?? 0) >= fullPercent) ? 'changed' : undefined;
};

const loadLines = (loads: readonly AnsweredLoad[], isWhole: boolean, paint: Paint): string[] => {
  const shown = loads.filter((load) => isWhole || load.lost === true || isLoadChanged(load));
  const told = measures.filter((measure) => shown.some((load) => load[measure] !== undefined));
  const cellsOf = (load: AnsweredLoad): string[] => (load.lost === true ? ['lost'] : told.map((measure) => loadCell(load, measure)));
  const rows = shown.map((load): Row => ({ cells: [load.cluster, ...cellsOf(load)], tone: loadTone(load) }));
  return rows.length === 0 ? [] : ['', ...paintedTable(['USED OF', ...told.map((measure) => measureHeads[measure])], rows, paint)];
};

/** Names in one line; of more, the number of the rest is told. */
const namesMax = 20;

const refsText = (refs: readonly AnsweredPlacement['object'][]): string =>
  listed(
    refs.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`),
    namesMax,
  );

/** A line for each workload that takes others along. */
const followingLines = (following: NonNullable<PlanAnswer['following']>): string[] =>
  [...Map.groupBy(following, (one) => nameOf({ object: one.with }))].map(
    ([workload, ones]) =>
      `${refsText(ones.map(({ object }) => object))} ${ones.length === 1 ? 'follows' : 'follow'} ${workload}, which needs ${ones.length === 1 ? 'it' : 'them'}`,
  );

/** The lines that `hanse plan` prints. */
export const planLines = (answer: PlanAnswer, options: { readonly isWhole: boolean; readonly isColoured: boolean }): string[] => {
  const paint = painter(options.isColoured);
  const { placements, cost, load, preempted = [], unselected = [], following = [], doubts = [] } = answer;
  const { unchanged = 0, stillUnplaced = 0, omitted = 0 } = answer;
  const unplaced = placements.reduce((sum, placement) => sum + (placement.asBefore === true ? 0 : placement.unplaced), 0);
  const started = placements.reduce((sum, placement) => sum + startedIn(placement), 0);
  const isUnselected = following.length === 0 || unselected.length > 0;
  const nothing = unchanged > 0 ? 'nothing changes' : `nothing to place${isUnselected ? ': no policy selects an object of the files' : ''}`;
  const billed = [cost, ...(cost.others ?? [])].filter(({ before, after }) => before !== '0' || after !== '0');
  return [
    ...(placements.length === 0
      ? [nothing]
      : paintedTable(['OBJECT', 'CLUSTER', 'BEFORE', 'AFTER', 'CHANGE'], placements.flatMap(rowsOf), paint)),
    ...loadLines(load, options.isWhole, paint),
    '',
    paint(
      `${counted(placements.length, 'object')}, ${counted(started, 'replica')} to start, ${unplaced} unplaced${runOnText(placements)}${unchanged === 0 ? '' : `, ${unchanged} unchanged`}`,
      unplaced > 0 ? 'bad' : undefined,
    ),
    ...(stillUnplaced === 0 ? [] : [`${counted(stillUnplaced, 'replica')} unplaced before and still, of objects that stay as they are`]),
    ...billed.map(costText),
    ...(billed.length === 0 || cost.unpriced === undefined ? [] : [`without a price, not in the cost: ${listed(cost.unpriced, 10)}`]),
    ...placements.flatMap((placement) => (placement.warnings ?? []).map((text) => paint(`${nameOf(placement)}: ${text}`, 'changed'))),
    ...doubts.map((text) => paint(text, 'changed')),
    ...preempted.map(({ object, by, cluster, replicas, nodes }) =>
      paint(
        `${counted(replicas, 'replica')} of ${nameOf({ object })} in ${cluster}${nodes.length === 0 ? '' : ` on ${listed(nodes, 3)}`} would give way to ${nameOf({ object: by })}`,
        'changed',
      ),
    ),
    ...(omitted === 0 ? [] : [`${counted(omitted, 'object')} more would change and are not shown`]),
    ...followingLines(following),
    ...(unselected.length === 0 ? [] : [`no policy selects ${refsText(unselected)}`]),
  ];
};
