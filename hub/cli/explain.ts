/** @module `hanse explain`: why each cluster got what it got. */
import type { Placement } from '../../shared/api/placement.ts';
import { parseApiVersion } from '../../shared/kube/object.ts';
import { type CliContext, UsageError, withHub } from './context.ts';
import { askNow } from './explain-now.ts';
import { explainPast } from './explain-past.ts';
import { absentText, policyRemarks } from './explain-policies.ts';
import { explanationLines } from './explanation-text.ts';
import { kindsNamed, type ServedKind, servedKinds } from './kinds.ts';

const placements = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placements' };
/** Where the hub keeps decisions on objects that are in no namespace. */
const systemNamespace = 'hanse-system';

/** `deployments.apps/web`, or the two as words, in its parts. @throws UsageError when it is not TYPE/NAME. */
export const parseTarget = (words: readonly string[]): { type: string; name: string } => {
  const [type = '', name = '', ...more] = words.length === 1 ? (words[0] ?? '').split('/') : words;
  if (type === '' || name === '' || more.length > 0) throw new UsageError('say what to explain as TYPE/NAME, such as deployment/web');
  return { type, name };
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

const isOf =
  (kinds: readonly ServedKind[], name: string) =>
  ({ spec: { workload } }: Placement): boolean =>
    workload.name === name &&
    kinds.some(({ kind, group }) => kind === workload.kind && group === parseApiVersion(workload.apiVersion).group);

/** Prints why the object is where it is. @throws UsageError when the hub has decided nothing about it, or serves no such type. */
export const explain = (context: CliContext, words: readonly string[], options: ExplainOptions): Promise<void> =>
  withHub(context, options.kubeconfig, async ({ client, raw }) => {
    const { type, name } = parseTarget(words);
    const served = await servedKinds(raw);
    const kinds = kindsNamed(served, type);
    const [first] = kinds;
    if (first === undefined) throw new UsageError(`the hub serves no type "${type}" (see: kubectl api-resources)`);
    const namespace = first.namespaced ? options.namespace : systemNamespace;
    const { items } = await client.list({ ...placements, namespace });
    const placement = (items as Placement[]).find(isOf(kinds, name));
    const kind = (placement?.spec.workload.kind ?? first.kind).toLowerCase();
    if (options.history === true || options.at !== undefined)
      return explainPast(context, client, { kind, name, placement: placement?.metadata.name }, { ...options, namespace });
    const sources = { client, namespace: first.namespaced ? namespace : '', served };
    if (placement === undefined) throw new UsageError(await absentText(sources, kinds, name, items as Placement[]));
    const now = await askNow(client, placement);
    if (options.output === 'json') {
      const told = 'missing' in now ? { nowMissing: now.missing } : { now: { ...now.decision.spec, ...now.decision.status } };
      context.print(JSON.stringify({ ...placement.spec, ...placement.status, ...told }, null, 2));
      return;
    }
    const remarks = await policyRemarks(sources, placement);
    for (const line of explanationLines(placement, { now, nowMs: context.nowMs(), remarks })) context.print(line);
  });
