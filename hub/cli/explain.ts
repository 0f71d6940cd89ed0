/** @module `hanse explain`: why each cluster got what it got. */
import type { ExplanationRow, Placement } from '../../shared/api/placement.ts';
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

const cells = (row: ExplanationRow): string[] => [
  row.cluster,
  row.eligible ? 'yes' : 'no',
  row.tier ?? '',
  row.fits === undefined ? 'unknown' : `${row.exact === false ? '>=' : ''}${row.fits}`,
  String(row.before),
  String(row.got),
  row.message === '' ? row.reason : row.message,
];

/** The lines that `hanse explain` prints for a decision. */
export const explanationLines = (placement: Placement): string[] => {
  const { workload, policy } = placement.spec;
  const status = placement.status;
  return [
    `${workload.kind} ${workload.namespace === '' ? '' : `${workload.namespace}/`}${workload.name}: ${status?.message ?? 'not decided yet'}`,
    `policy ${policy}${status?.replicas === undefined ? '' : `, ${status.replicas} replicas wanted, ${status.unplaced ?? 0} unplaced`}`,
    '',
    ...tableLines(['CLUSTER', 'ELIGIBLE', 'TIER', 'FITS', 'HAD', 'GOT', 'WHY'], (status?.explanation ?? []).map(cells)),
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
