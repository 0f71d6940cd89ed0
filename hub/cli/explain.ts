/** @module `hanse explain`: why each cluster got what it got. */
import type { ApplyFailure, ExplanationRow, Placement } from '../../shared/api/placement.ts';
import { type CliContext, UsageError, withHub } from './context.ts';
import { tableLines } from './table.ts';

const placements = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placements' };

/** kubectl's short names of the kinds that are placed most. */
const shortNames: Readonly<Record<string, string>> = {
  deploy: 'deployment',
  sts: 'statefulset',
  ds: 'daemonset',
  cj: 'cronjob',
  cm: 'configmap',
  svc: 'service',
  pvc: 'persistentvolumeclaim',
  sa: 'serviceaccount',
  ns: 'namespace',
};

/** `deployments.apps/web` → kind `deployment`, name `web`. @throws UsageError when it is not TYPE/NAME. */
export const parseTarget = (words: readonly string[]): { kind: string; name: string } => {
  const [type = '', name = ''] = words.length === 1 ? (words[0] ?? '').split('/') : words;
  if (type === '' || name === '' || words.length > 2) throw new UsageError('say what to explain as TYPE/NAME, such as deployment/web');
  const lower = (type.split('.')[0] ?? '').toLowerCase();
  return { kind: shortNames[lower] ?? lower, name };
};

const isKind = (kind: string, asked: string): boolean => {
  const lower = kind.toLowerCase();
  return (
    asked === lower || asked === `${lower}s` || asked === `${lower}es` || (lower.endsWith('y') && asked === `${lower.slice(0, -1)}ies`)
  );
};

/** A row of the table: the decision on a cluster, and what that cluster did not apply of it. */
type Row = ExplanationRow & { readonly failures: readonly ApplyFailure[] };

/** One column: its head, and its cell in a row. Those marked optional are left out when every cell is empty. */
type Column = { readonly head: string; readonly cell: (row: Row) => string; readonly isOptional?: boolean };

const scoreText = (row: ExplanationRow): string => {
  const scores = row.scores ?? [];
  if (scores.length === 0) return '';
  const sum = scores.reduce((total, { score }) => total + score, 0);
  return `${sum} (${scores.map(({ term, score }) => `${term} ${score > 0 ? '+' : ''}${score}`).join(', ')})`;
};

/** What was not applied comes first: it is what somebody must mend. */
const whyText = ({ reason, message, failures }: Row): string => {
  const failed = failures.map((failure) => `did not apply ${failure.kind} ${failure.name} (${failure.reason}): ${failure.message}`);
  return [...failed, message === '' ? reason : message].filter((text) => text !== '').join('; ');
};

const columns: readonly Column[] = [
  { head: 'CLUSTER', cell: ({ cluster }) => cluster },
  { head: 'ELIGIBLE', cell: ({ eligible }) => (eligible ? 'yes' : 'no') },
  { head: 'TIER', cell: ({ tier }) => tier ?? '' },
  { head: 'SCORE', cell: scoreText, isOptional: true },
  { head: 'PRICE/H', cell: ({ price }) => price ?? '', isOptional: true },
  // Further replicas, on top of those that are there: not the total.
  {
    head: 'CAN ADD',
    cell: ({ fits, exact, eligible }) => (fits === undefined ? (eligible ? 'unknown' : '') : `${exact === false ? '>=' : ''}${fits}`),
  },
  { head: 'HAD', cell: ({ before }) => String(before) },
  { head: 'GOT', cell: ({ got }) => String(got) },
  { head: 'SHARE', cell: ({ share }) => (share === undefined ? '' : `${share}%`), isOptional: true },
  { head: 'WHY', cell: whyText },
];

/** The lines that `hanse explain` prints for a decision. */
export const explanationLines = (placement: Placement): string[] => {
  const { spec, status } = placement;
  const { workload, policy } = spec;
  const rows = (status?.explanation ?? []).map((row): Row => {
    const isPlaced = spec.clusters.some(({ name }) => name === row.cluster);
    return { ...row, failures: isPlaced ? (status?.failures ?? []).filter(({ cluster }) => cluster === row.cluster) : [] };
  });
  const shown = columns.filter(({ isOptional, cell }) => isOptional !== true || rows.some((row) => cell(row) !== ''));
  return [
    `${workload.kind} ${workload.namespace === '' ? '' : `${workload.namespace}/`}${workload.name}: ${status?.message ?? 'not decided yet'}`,
    `policy ${policy}${status?.replicas === undefined ? '' : `, ${status.replicas} replicas wanted, ${status.unplaced ?? 0} unplaced`}`,
    ...(status?.cost === undefined
      ? []
      : [
          `cost an hour ${status.cost.after}${status.cost.currency === '' ? '' : ` ${status.cost.currency}`}, before ${status.cost.before}`,
        ]),
    '',
    ...tableLines(
      shown.map(({ head }) => head),
      rows.map((row) => shown.map(({ cell }) => cell(row))),
    ),
  ];
};

/** Options of {@link explain}. */
export type ExplainOptions = { readonly kubeconfig?: string; readonly namespace: string; readonly output?: string };

/** Prints why the object is where it is. @throws UsageError when the hub has decided nothing about it. */
export const explain = (context: CliContext, words: readonly string[], options: ExplainOptions): Promise<void> =>
  withHub(context, options.kubeconfig, async ({ client }) => {
    const { kind, name } = parseTarget(words);
    const { items } = await client.list({ ...placements, namespace: options.namespace });
    const placement = (items as Placement[]).find(({ spec }) => spec.workload.name === name && isKind(spec.workload.kind, kind));
    if (placement === undefined) {
      throw new UsageError(
        `no placement of ${kind}/${name} in namespace ${options.namespace}: no policy selects it, or it does not exist ` +
          `(look with: kubectl get ${kind} ${name} -n ${options.namespace}; kubectl get placementpolicies -n ${options.namespace})`,
      );
    }
    if (options.output === 'json') context.print(JSON.stringify({ ...placement.spec, ...placement.status }, null, 2));
    else for (const line of explanationLines(placement)) context.print(line);
  });
