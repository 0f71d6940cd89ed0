/** @module Placement: the hub's decision for one object, with the explanation beside it. */
import type { Condition } from '../kube/condition.ts';

import { dns1123Label, type Fault, pathSegmentName } from '../kube/names/index.ts';
import type { KubeObject, ObjectMeta } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';
import { conditionsShape } from './cluster-status.ts';
import { ageColumn, ageText, column, hanseGroup, hanseVersion, nameColumn, objectSchema, schemaNameOf, storedVerbs } from './kind.ts';
import { type NodelessReplicas, nodelessShape } from './nodeless.ts';
import { fields, flag, integer, isBag, list, must, text, word } from './shape.ts';
import { type StayingCluster, stayingShape } from './staying.ts';
import { placementConversion } from './stored-placement.ts';
import { type UnreadyCluster, unreadyShape } from './unready.ts';

/** Which object a decision is about; `namespace` is '' for cluster-scoped kinds. */
export type WorkloadRef = { readonly apiVersion: string; readonly kind: string; readonly namespace: string; readonly name: string };

/** What one cluster got. `replicas` is absent for objects that have none. */
export type PlacedCluster = {
  readonly name: string;
  readonly replicas?: number;
  /** The cluster's part of a divided Job's completions; once given it stays. */
  readonly completions?: number;
  /**
   * Nodes that are kept for replicas which others make room for, until they are bound there (as `nominatedNodeName` of a pod): so many are to be
   * on each, with those that were there before. Absent = none.
   */
  readonly nominated?: readonly NominatedNode[];
  /**
   * Replicas give way here and have not left yet: on these nodes at most so many stay, and none come back before. Absent = none.
   */
  readonly leaving?: readonly NodeReplicas[];
};

/** So many replicas on a node. */
export type NodeReplicas = { readonly node: string; readonly replicas: number };

/** So many replicas that are to be on a node which is kept for some of them. */
export type NominatedNode = NodeReplicas & {
  /** How often others made room for these, where a place before was taken by somebody else; absent = once. */
  readonly tries?: number;
};

/** One term of a cluster's score. */
export type ExplanationScore = { readonly term: string; readonly score: number };

/** What a decision costs an hour, as decimal texts; replicas in clusters without a price count nothing. */
export type PlacementCost = CurrencyCost & {
  /** What is billed in other currencies, by their names: it cannot be added. Absent = nothing. */
  readonly others?: readonly CurrencyCost[];
};

/** An hour's cost in one currency, decimal texts. */
export type CurrencyCost = { readonly before: string; readonly after: string; readonly currency: string };

/** Why one cluster got what it got. */
export type ExplanationRow = {
  readonly cluster: string;
  readonly eligible: boolean;
  /** The term that refused the cluster or binds its share: `taint`, `tier`, `spread`, `capacity`, … ; '' when nothing does. */
  readonly reason: string;
  /** For a person. */
  readonly message: string;
  /** Further replicas that the cluster could take; absent when the cluster reports no capacity. */
  readonly fits?: number;
  /** False when `fits` is a lower bound. */
  readonly exact?: boolean;
  /** Nodes that can take no replica, by reason; where the cluster is full, with those that were placed counted. */
  readonly refusals?: { readonly [reason: string]: number };
  /** What most nodes that take no replica are short of; where the cluster is full, those of them that could. */
  readonly bound?: string;
  /** Name of the cluster's tier. */
  readonly tier?: string;
  /** Terms that put the cluster before or behind others of its tier. */
  readonly scores?: readonly ExplanationScore[];
  /** What one replica costs here an hour, a decimal text in the currency of the decision's cost. */
  readonly price?: string;
  /** Percent of the placed replicas that are here: rounded down as it is kept, all together 100 as it is served. */
  readonly share?: number;
  /** Replicas before and after the decision. */
  readonly before: number;
  readonly got: number;
};

/** Replicas that a lost or a drained cluster had; they are given back when it takes some again. */
export type OwedCluster = {
  readonly name: string;
  readonly replicas: number;
  /** Clusters that took them, which give them back; absent where nobody did. */
  readonly takenBy?: readonly { readonly name: string; readonly replicas: number }[];
  /** Set where a drain moved them: of those, what still runs there goes back when the drain is taken back. */
  readonly reason?: 'Drained';
};

/** What one cluster did not apply, and why: the object itself, or one that follows it. */
export type ApplyFailure = {
  readonly cluster: string;
  readonly kind: string;
  readonly name: string;
  /** CamelCase: `NotOwned`, `FieldManagerConflict`, `NotSent`, … */
  readonly reason: string;
  /** For a person: what is wrong and how to mend it. */
  readonly message: string;
};

/** `spec` of a Placement. */
export type PlacementSpec = {
  readonly workload: WorkloadRef;
  /** `namespace/name` of a PlacementPolicy, `name` of a ClusterPlacementPolicy. */
  readonly policy: string;
  readonly clusters: readonly PlacedCluster[];
};

/** `status` of a Placement. */
export type PlacementStatus = {
  readonly observedGeneration?: number;
  /** Replicas asked for. */
  readonly replicas?: number;
  readonly unplaced?: number;
  /** CamelCase: `Placed`, `Unplaced`, `NoClusterFits`, … */
  readonly reason?: string;
  readonly message?: string;
  readonly decidedAt?: string;
  /** What the rebalancer moved by this decision, and why; absent when it did not make it. */
  readonly rebalanced?: string;
  readonly owed?: readonly OwedCluster[];
  /** Where it runs on although it is not placed there; `message` tells it too. */
  readonly staying?: readonly StayingCluster[];
  /** Where not all of it has become ready; the first 100. */
  readonly unready?: readonly UnreadyCluster[];
  /** Where replicas wait that no node can take; `explanation` tells why. */
  readonly nodeless?: readonly NodelessReplicas[];
  /** The terms that keep the rest from being placed, the most frequent first. */
  readonly binding?: string;
  readonly cost?: PlacementCost;
  readonly explanation?: readonly ExplanationRow[];
  /** `Applied`: whether the clusters took the object and all that follows it. */
  readonly conditions?: readonly Condition[];
  /** What clusters did not apply; the first 100. */
  readonly failures?: readonly ApplyFailure[];
};

/** The decision for one object. Written by the hub. */
export type Placement = {
  readonly apiVersion: string;
  readonly kind: 'Placement';
  readonly metadata: ObjectMeta;
  readonly spec: PlacementSpec;
  readonly status?: PlacementStatus;
};

const int32Max = 2_147_483_647;
/** Currencies besides the one of most clusters. */
const currenciesMax = 1_000;
const clustersMax = 5000;
const scoresMax = 256;
const failuresMax = 100;
const nodesMax = 20_000;
const count = (description: string) => integer(description, { min: 0, max: int32Max });

const onNodes = (description: string, replicas: string, more: { readonly tries?: ReturnType<typeof count> } = {}) =>
  list(
    description,
    fields('One node.', { node: must(text('Name of the node.')), replicas: must(count(replicas)), ...more }),
    { type: 'map', keys: ['node'] },
    nodesMax,
  );

const workload = fields('The object that was placed.', {
  apiVersion: must(text('Its API version.')),
  kind: must(text('Its kind.')),
  namespace: text('Its namespace; empty for cluster-scoped kinds.', (value) => (value === '' ? [] : dns1123Label(value))),
  name: must(text('Its name.', (value) => pathSegmentName(value, false))),
});

const specShape = fields(
  'The decision.',
  {
    workload: must(workload),
    policy: must(text('The policy that holds: namespace/name, or name of a ClusterPlacementPolicy.')),
    clusters: must(
      list(
        'The clusters that run the object and the replicas of each.',
        fields('What one cluster got.', {
          name: must(text('Name of the cluster.', dns1123Label)),
          replicas: count('Replicas in the cluster; absent for objects that have none.'),
          completions: count("The cluster's part of a divided Job's completions; once given it stays."),
          nominated: onNodes(
            'Nodes that are kept for replicas which others make room for, until they are bound there.',
            'Replicas that are to be on it, with those that were there before.',
            { tries: count('How often others made room for these, where a place before was taken by somebody else; absent = once.') },
          ),
          leaving: onNodes(
            'Nodes that replicas leave which give way; none come back to the cluster before they have left.',
            'Replicas that may stay on it.',
          ),
        }),
        { type: 'map', keys: ['name'] },
        clustersMax,
      ),
    ),
  },
  (value, path): Fault[] => {
    const names = (Array.isArray(value.clusters) ? value.clusters : []).map((entry: unknown) => (isBag(entry) ? entry.name : undefined));
    return names.flatMap((name, index) =>
      names.indexOf(name) === index
        ? []
        : [
            {
              reason: 'FieldValueDuplicate',
              message: `Duplicate value: ${JSON.stringify(name)}`,
              field: `${path}.clusters[${index}].name`,
            },
          ],
    );
  },
);

const explanationRow = fields('Why one cluster got what it got.', {
  cluster: must(text('Name of the cluster.')),
  eligible: must(flag('Whether the cluster may take replicas.')),
  reason: text('The term that refused the cluster or binds its share, such as taint, tier, spread, capacity.'),
  message: text('The reason in words.'),
  fits: count('Further replicas that the cluster could take; absent when it reports no capacity.'),
  exact: flag('False when `fits` is a lower bound.'),
  refusals: {
    schema: {
      type: 'object',
      description: 'Nodes that can take no replica, by reason; where the cluster is full, with those that were placed counted.',
      additionalProperties: { type: 'integer', format: 'int32' },
    },
    check: () => [],
  },
  bound: text('What most nodes that take no replica are short of; where the cluster is full, those of them that could.'),
  tier: text("Name of the cluster's tier."),
  scores: list(
    'Terms that put the cluster before or behind others of its tier.',
    fields('One term.', {
      term: must(text('The term.')),
      score: must(integer('What it adds.', { min: -int32Max, max: int32Max })),
    }),
    { type: 'atomic' },
    scoresMax,
  ),
  price: text('What one replica costs here an hour, a decimal number.'),
  share: count('Percent of the placed replicas that are here; together they come to 100.'),
  before: count('Replicas before the decision.'),
  got: count('Replicas after the decision.'),
});

const statusShape = fields('How the decision came about.', {
  observedGeneration: integer(
    'Generation of the workload that was decided on.',
    { min: 0, max: Number.MAX_SAFE_INTEGER },
    { format: 'int64' },
  ),
  replicas: count('Replicas asked for.'),
  unplaced: count('Replicas that no cluster took.'),
  reason: text('The outcome in a word.'),
  message: text('The outcome in words.'),
  decidedAt: text('When it was decided, RFC 3339.'),
  rebalanced: text('What the rebalancer moved by this decision, and why; absent when it did not make it.'),
  owed: list(
    'Replicas of lost clusters, given back when they have been well for a while, and of drained ones, given back when the drain is taken back. A singleton that was taken over stays where it is.',
    fields('Replicas of one such cluster.', {
      name: must(text('Name of the cluster.')),
      replicas: must(count('Its replicas before it was lost or drained.')),
      takenBy: list(
        'Clusters that took them, which give them back.',
        fields('One of them.', { name: must(text('Name of the cluster.')), replicas: must(count('Replicas that it took.')) }),
        { type: 'map', keys: ['name'] },
        clustersMax,
      ),
      reason: word('Set where a drain moved them: of those, what still runs there is given back.', ['Drained']),
    }),
    { type: 'map', keys: ['name'] },
    clustersMax,
  ),
  staying: stayingShape,
  unready: unreadyShape,
  nodeless: nodelessShape,
  binding: text('The terms that keep the rest from being placed, the most frequent first.'),
  cost: fields('What the decision costs an hour; replicas in clusters without a price count nothing.', {
    before: must(text('Of the replicas before it, a decimal number.')),
    after: must(text('Of the replicas after it, a decimal number.')),
    currency: must(text('Currency of both: the one that most clusters with prices have.')),
    others: list(
      'What is billed in other currencies, which cannot be added.',
      fields('The cost in one currency.', {
        before: must(text('Of the replicas before it, a decimal number.')),
        after: must(text('Of the replicas after it, a decimal number.')),
        currency: must(text('Currency of both.')),
      }),
      { type: 'map', keys: ['currency'] },
      currenciesMax,
    ),
  }),
  explanation: list('One row for each cluster.', explanationRow, { type: 'map', keys: ['cluster'] }, clustersMax),
  conditions: conditionsShape,
  failures: list(
    'What clusters did not apply; the first 100.',
    fields('One object in one cluster.', {
      cluster: must(text('Name of the cluster.')),
      kind: must(text('Kind of the object: the one that was placed, or one that follows it.')),
      name: must(text('Its name; the namespace is that of the placed object.')),
      reason: must(text('Why, in a word.')),
      message: must(text('What is wrong and how to mend it.')),
    }),
    { type: 'map', keys: ['cluster', 'kind', 'name'] },
    failuresMax,
  ),
});

/** The schema of Placement. */
export const placementSchema = objectSchema(
  'Placement',
  'Placement is the decision of the hub for one object: which clusters run it, with how many replicas, and why.',
  { spec: specShape.schema, status: statusShape.schema },
  ['spec'],
);

const specOf = (object: KubeObject): Partial<PlacementSpec> => (object.spec ?? {}) as Partial<PlacementSpec>;
const statusOf = (object: KubeObject): PlacementStatus => (object.status ?? {}) as PlacementStatus;

const countText = ({ name, replicas }: PlacedCluster): string => (replicas === undefined ? name : `${name}=${replicas}`);

/** What the clusters have, without what is said of their nodes. */
export const sharesOnly = (clusters: readonly PlacedCluster[]): readonly PlacedCluster[] =>
  clusters.map(({ nominated: _kept, leaving: _left, ...share }) => share);

/** `eu-west=3,us=2`, or `eu-west,us` where there are no replicas; what stays in a drained or lost cluster is marked so: `us=2(drained)`. */
const clustersText = (clusters: readonly PlacedCluster[], staying: readonly StayingCluster[] = []): string =>
  [...clusters.map(countText), ...staying.map((entry) => `${countText(entry)}(${entry.reason.toLowerCase()})`)].join(',') || '<none>';

const cells = (object: KubeObject, nowMs: number): (string | number | boolean | null)[] => {
  const [spec, status] = [specOf(object), statusOf(object)];
  return [
    object.metadata.name,
    `${spec.workload?.kind ?? ''}/${spec.workload?.name ?? ''}`,
    clustersText(spec.clusters ?? [], status.staying),
    status.unplaced ?? 0,
    ageText(object.metadata.creationTimestamp, nowMs),
    spec.policy ?? '',
    status.message ?? '',
  ];
};

/** How the API server serves Placement. */
export const placementType: ResourceType = {
  group: hanseGroup,
  version: hanseVersion,
  kind: 'Placement',
  listKind: 'PlacementList',
  resource: 'placements',
  singular: 'placement',
  shortNames: ['pl'],
  categories: ['hanse'],
  namespaced: true,
  verbs: storedVerbs,
  schemaName: schemaNameOf('Placement'),
  hasStatus: true,
  strategicMerge: false,
  strategy: { validate: (object) => specShape.check(object.spec, 'spec') },
  columns: [
    nameColumn,
    column('Workload', 'string', 'The object that was placed.'),
    column('Clusters', 'string', 'Clusters and replicas; in brackets what stays in a drained or lost one.'),
    column('Unplaced', 'integer', 'Replicas that no cluster took.'),
    ageColumn,
    column('Policy', 'string', 'The policy that holds.', 1),
    column('Message', 'string', 'The outcome in words.', 1),
  ],
  cells,
  conversion: { storageVersion: hanseVersion, hasOwnForm: true, ...placementConversion },
};
