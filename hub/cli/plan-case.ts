/** @module The words of a command line as a case of offline planning. */

import { keyValue } from '../../shared/lib/key-value.ts';
import { type AddedNodes, addedNodeObjects, type PlanCase, parseAddedNodes } from '../../shared/plan/index.ts';
import { UsageError } from './context.ts';
import { readFiles } from './fit-input.ts';

/** `east=dump.json,topology.kubernetes.io/region=eu` in its parts. @throws UsageError */
export const parseCluster = (text: string): { readonly name: string; readonly path: string; readonly labels: Record<string, string> } => {
  const [head = '', ...rest] = text.split(',');
  const at = head.indexOf('=');
  if (at <= 0 || at === head.length - 1) throw new UsageError(`--cluster ${text}: write it as NAME=DUMP[,label=value…]`);
  const labels = rest.map((pair) => {
    const label = keyValue(pair);
    if (label === undefined) throw new UsageError(`--cluster ${text}: ${JSON.stringify(pair)} is no label=value`);
    return label;
  });
  return { name: head.slice(0, at), path: head.slice(at + 1), labels: Object.fromEntries(labels) };
};

/** `--add-nodes` in its parts. @throws UsageError */
export const readAddedNodes = (texts: readonly string[]): AddedNodes[] =>
  texts.map((text) => {
    const read = parseAddedNodes(text);
    if (!read.ok) throw new UsageError(read.message);
    return read.value;
  });

/** What the command line says of an offline case. */
export type CaseWords = {
  readonly filename?: readonly string[];
  /** `NAME=DUMP[,label=value…]`. */
  readonly cluster?: readonly string[];
  readonly addNodes?: readonly string[];
};

const isClusterNamed = (value: unknown, name: string): boolean => {
  const { kind, metadata } = (value ?? {}) as { readonly kind?: unknown; readonly metadata?: { readonly name?: unknown } };
  return kind === 'Cluster' && metadata?.name === name;
};

/** The case that the words of the command line describe. @throws UsageError */
export const caseOf = async (options: CaseWords): Promise<PlanCase> => {
  const clusters: Record<string, { dump: unknown[]; labels: Record<string, string> }> = {};
  for (const text of options.cluster ?? []) {
    const { name, path, labels } = parseCluster(text);
    const [file] = await readFiles([path]);
    const known = clusters[name] ?? { dump: [], labels: {} };
    known.dump.push(...(file?.documents ?? []));
    Object.assign(known.labels, labels);
    clusters[name] = known;
  }
  const files = await readFiles(options.filename ?? []);
  const objects = files.flatMap((file) => file.documents);
  for (const [at, added] of readAddedNodes(options.addNodes ?? []).entries()) {
    const { cluster } = added;
    const isNamed = objects.some((object) => isClusterNamed(object, cluster));
    if (clusters[cluster] === undefined && !isNamed) {
      throw new UsageError(
        `--add-nodes ${options.addNodes?.[at] ?? ''}: no cluster ${JSON.stringify(cluster)}; give --cluster ${cluster}=DUMP`,
      );
    }
    const known = clusters[cluster] ?? { dump: [], labels: {} };
    known.dump.push(...addedNodeObjects([added], at));
    clusters[cluster] = known;
  }
  return { clusters, objects };
};
