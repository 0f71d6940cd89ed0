/** @module `hanse explain`: why each cluster got what it got. */
import type { Placement } from '../../shared/api/placement.ts';
import { type CliContext, UsageError, withHub } from './context.ts';
import { explainPast } from './explain-past.ts';
import { explanationLines } from './explanation-text.ts';

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

/** Options of {@link explain}. */
export type ExplainOptions = {
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly output?: string;
  /** List the decisions of the past. */
  readonly history?: boolean;
  /** How many of them. */
  readonly limit?: number;
  /** Show the decision that held then: a time as RFC 3339 has it, or a resourceVersion. */
  readonly at?: string;
};

/** Prints why the object is where it is. @throws UsageError when the hub has decided nothing about it. */
export const explain = (context: CliContext, words: readonly string[], options: ExplainOptions): Promise<void> =>
  withHub(context, options.kubeconfig, async ({ client }) => {
    const { kind, name } = parseTarget(words);
    const { items } = await client.list({ ...placements, namespace: options.namespace });
    const placement = (items as Placement[]).find(({ spec }) => spec.workload.name === name && isKind(spec.workload.kind, kind));
    if (options.history === true || options.at !== undefined)
      return explainPast(context, client, { kind, name, placement: placement?.metadata.name }, options);
    if (placement === undefined) {
      throw new UsageError(
        `no placement of ${kind}/${name} in namespace ${options.namespace}: no policy selects it, or it does not exist ` +
          `(look with: kubectl get ${kind} ${name} -n ${options.namespace}; kubectl get placementpolicies -n ${options.namespace})`,
      );
    }
    if (options.output === 'json') context.print(JSON.stringify({ ...placement.spec, ...placement.status }, null, 2));
    else for (const line of explanationLines(placement)) context.print(line);
  });
