/** @module PlanReview: asked and not kept. What new, changed or deleted objects, or the loss of clusters, would do to every placement. */
import type { KubeObject } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';
import { hanseGroup, hanseVersion, nameColumn, objectSchema, schemaNameOf } from './kind.ts';
import { anything, fields, flag, integer, list, must, type Shape, text, textMap, word } from './shape.ts';

/** An object of the hub; `namespace` is '' for cluster-scoped kinds. */
export type PlanObjectRef = { readonly apiVersion: string; readonly kind: string; readonly namespace?: string; readonly name: string };

/** `spec` of a PlanReview. Everything is optional; nothing asked = what the hub would decide now. */
export type PlanReviewSpec = {
  /** Whole objects as they would be applied: policies, workloads, Clusters, PriorityClasses. */
  readonly objects?: readonly unknown[];
  readonly deletions?: readonly PlanObjectRef[];
  /** Clusters that are gone. */
  readonly lose?: readonly string[];
  /** Clusters that are drained: what finds no other place stays there. */
  readonly drain?: readonly string[];
  readonly addNodes?: readonly {
    readonly cluster: string;
    readonly count: number;
    readonly resources: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
    readonly taints?: readonly {
      readonly key: string;
      readonly value: string;
      readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
    }[];
  }[];
  /** Every single loss of a cluster instead of one plan. */
  readonly everyLoss?: boolean;
  /** Tell of objects that do not change as well. */
  readonly all?: boolean;
  /** What would be decided now about this object that is placed, instead of a plan. */
  readonly explain?: PlanObjectRef;
};

/** Objects in one review; with the bytes of a request (3 MiB) the bound of what is asked at once. */
export const planObjectsMax = 2_000;
const clustersMax = 5_000;
const kindsOfNodesMax = 64;
const countMax = 10_000;

const embedded: Shape = {
  schema: { type: 'object', description: 'An object as it would be applied.', 'x-kubernetes-preserve-unknown-fields': true },
  check: () => [],
};

const objectRef = (description: string): Shape =>
  fields(description, {
    apiVersion: must(text('Its API version.')),
    kind: must(text('Its kind.')),
    namespace: text('Its namespace; empty for cluster-scoped kinds.'),
    name: must(text('Its name.')),
  });

const taint = fields('A taint of the nodes.', {
  key: must(text('Key of the taint.')),
  value: must(text('Value of the taint.')),
  effect: must(word('Effect of the taint.', ['NoSchedule', 'PreferNoSchedule', 'NoExecute'])),
});

const nodes = fields('Nodes of one kind.', {
  cluster: must(text('Name of the cluster.')),
  count: must(integer('How many.', { min: 1, max: countMax })),
  resources: must(textMap('What a node offers, as quantities.')),
  labels: textMap('Labels of the nodes.'),
  taints: list('Taints of the nodes.', taint, { type: 'atomic' }, kindsOfNodesMax),
});

const names = (description: string): Shape => list(description, text('Name of a cluster.'), { type: 'set' }, clustersMax);

const specShape = fields('What would happen.', {
  objects: list(
    'New or changed policies, workloads, Clusters and PriorityClasses. A policy or workload takes the place of the one of its name; of a Cluster the fields given are changed.',
    embedded,
    { type: 'atomic' },
    planObjectsMax,
  ),
  deletions: list('Objects that would be deleted.', objectRef('An object that would be deleted.'), { type: 'atomic' }, planObjectsMax),
  lose: names('Clusters that are gone with all that runs there.'),
  drain: names('Clusters that are drained: what finds no other place stays there.'),
  addNodes: list('Nodes that clusters do not have yet.', nodes, { type: 'atomic' }, kindsOfNodesMax),
  everyLoss: flag('Answer what every single loss of a cluster would do, in status.losses.'),
  all: flag('Tell of objects that do not change as well.'),
  explain: objectRef('Answer what would be decided now about this object that is placed, in status.decision; nothing else is planned.'),
});

/** What is wrong with the spec of a review. */
export const planReviewFaults = (object: KubeObject): ReturnType<Shape['check']> => specShape.check(object.spec ?? {}, 'spec');

/** The schema of PlanReview. */
export const planReviewSchema = objectSchema(
  'PlanReview',
  'PlanReview asks what policies, workloads, Clusters or losses would do, and is answered in its status. Nothing is written, moved or kept.',
  {
    spec: specShape.schema,
    status: anything('The answer: placements, cost, load and, of every single loss, losses; of an object to explain, decision.').schema,
  },
  [],
);

/** How the API server serves PlanReview. */
export const planReviewType: ResourceType = {
  group: hanseGroup,
  version: hanseVersion,
  kind: 'PlanReview',
  listKind: 'PlanReviewList',
  resource: 'planreviews',
  singular: 'planreview',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['create'],
  schemaName: schemaNameOf('PlanReview'),
  hasStatus: false,
  strategicMerge: false,
  strategy: {},
  columns: [nameColumn],
  cells: (object) => [object.metadata.name ?? ''],
};
