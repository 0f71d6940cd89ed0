/** @module Which nodes of an exact model are alike: to the scheduler's scores, and to a shape that looks at more than they do. */
import { compareText } from '../lib/compare-text.ts';
import type { PodDemand } from './demand.ts';
import type { WholeNodes } from './model-deal.ts';
import type { Amounts, ClusterModel, NodeModel, PodKind } from './node.ts';
import { asksForHost, refusalOf } from './node-match.ts';
import { termSelects } from './pod-terms.ts';
import { bearsOnPods } from './thin-cluster.ts';

const hostname = 'kubernetes.io/hostname';

const amountsText = (amounts: Amounts | undefined): string =>
  [...(amounts ?? [])]
    .map(([name, amount]) => `${name}=${amount}`)
    .sort()
    .join();

/** Equal for nodes that differ in nothing but their names and the pods that other pods see there. */
const nodeText = (node: NodeModel, { devices }: ClusterModel, whole: WholeNodes): string => {
  const { [hostname]: own, ...labels } = node.labels;
  const isPlain = own === node.name && (devices?.byNode.get(node.name) ?? []).length === 0;
  return [
    isPlain ? '' : node.name,
    amountsText(node.free),
    amountsText(whole.get(node.name)),
    node.podsFree,
    node.zones.map(({ id, total, available }) => `${id} ${amountsText(total)} ${amountsText(available)}`).join(';'),
    JSON.stringify([
      Object.entries(labels).sort(([a], [b]) => compareText(a, b)),
      node.taints,
      node.unschedulable,
      node.kubelet,
      node.runtimeHandlers,
      node.sharedGpus,
      node.untoldGpus,
      node.gpuDoubts,
      node.unread,
      node.doubts.map((doubt) => doubt.replaceAll(node.name, '')),
    ]),
  ].join('|');
};

/** Numbers for texts, the same for equal ones. */
const numbered = (texts: readonly string[]): readonly number[] => {
  const numbers = new Map<string, number>();
  return texts.map((text) => {
    const known = numbers.get(text) ?? numbers.size;
    numbers.set(text, known);
    return known;
  });
};

/** The part of each node: of one part are nodes that are alike. */
export type Parts = readonly number[];

/** Parts of a model by all that scores look at, and more. */
export const partsOf = (model: ClusterModel, whole: WholeNodes): Parts => numbered(model.nodes.map((node) => nodeText(node, model, whole)));

/** Parts split by what is seen of their nodes. */
export const splitParts = (parts: Parts, seen: readonly string[]): Parts => numbered(parts.map((part, at) => `${part} ${seen[at]}`));

/** True when pods that run keep the demand away from somewhere. */
const isKeptAway = (model: ClusterModel, demand: PodDemand, kinds: ReadonlySet<PodKind>): boolean =>
  [...kinds].some((kind) => kind.antiAffinity.some((term) => termSelects(term, kind.namespace, demand, model.namespaces)));

/** What a demand sees of each node besides what {@link partsOf} compares; undefined = nothing. */
export type Sight = (demand: PodDemand) => readonly string[] | undefined;

/** The sight of a model, which is the one before anything is assumed. */
export const sightOf = (model: ClusterModel): Sight => {
  const kinds = new Set(model.nodes.flatMap(({ pods }) => pods.map(({ kind }) => kind)));
  let known: readonly string[] | undefined;
  const podTexts = (): readonly string[] => {
    const texts = new Map([...kinds].map((kind) => [kind, JSON.stringify(kind)]));
    known ??= model.nodes.map(({ pods }) =>
      pods
        .map(({ kind, live, terminating }) => `${texts.get(kind)} ${live} ${terminating}`)
        .sort()
        .join(),
    );
    return known;
  };
  return (demand) => {
    const byHost = asksForHost(demand) || demand.nodeName !== undefined;
    const byPods = bearsOnPods(demand) || demand.ports.length > 0 || isKeptAway(model, demand, kinds);
    if (!byHost && !byPods) return undefined;
    const pods = byPods ? podTexts() : [];
    return model.nodes.map((node, at) => {
      const host = byHost ? `${refusalOf(node, demand)} ${demand.nodeName === node.name}` : '';
      return `${host} ${pods[at] ?? ''}`;
    });
  };
};
