/** @module PlacementHistory: the decisions that were made about one object, newest first, and what each of them changed. Asked, never kept. */
import { pathSegmentName } from '../kube/names/index.ts';
import type { KubeObject } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';
import { hanseGroup, hanseVersion, nameColumn, objectSchema, schemaNameOf } from './kind.ts';
import type { PlacedCluster, Placement, PlacementCost } from './placement.ts';
import { anything, fields, flag, instant, integer, must, type Shape, text } from './shape.ts';

/** Decisions told at once; `limit` is at most this. */
export const decisionsMax = 200;
/** Decisions told when `limit` is absent. */
export const decisionsDefault = 20;

/** What is asked. */
export type PlacementHistorySpec = {
  /** Name of the Placement, in the namespace of the request. */
  readonly placement: string;
  /** RFC 3339: only decisions made up to then. */
  readonly time?: string;
  /** Only decisions written up to this resourceVersion. */
  readonly revision?: number;
  readonly limit?: number;
  /** Answer the newest of them whole, with its explanation. */
  readonly whole?: boolean;
};

/** One decision of the past. */
export type PastDecision = {
  /** resourceVersion under which it was first written. */
  readonly revision: number;
  /** When, RFC 3339. */
  readonly time: string;
  /** The object and its Placement went. */
  readonly deleted?: true;
  readonly policy: string;
  readonly clusters: readonly PlacedCluster[];
  readonly replicas?: number;
  readonly unplaced?: number;
  readonly reason: string;
  readonly message: string;
  readonly cost?: PlacementCost;
  /** What is other than in the decision before it, one text each. */
  readonly changes: readonly string[];
};

/** The answer. */
export type PlacementHistoryStatus = {
  readonly decisions: readonly PastDecision[];
  /** There are older ones, or writes so many that the search ended. */
  readonly more?: true;
  /** The newest of them as it was written; only when `whole` was asked. */
  readonly placement?: Placement;
};

const specShape = fields('Which decisions.', {
  placement: must(text('Name of the Placement, in the namespace of the request.', (value) => pathSegmentName(value, false))),
  time: text('Only decisions made up to then, RFC 3339.', instant),
  revision: integer('Only decisions written up to this resourceVersion.', { min: 1, max: Number.MAX_SAFE_INTEGER }, { format: 'int64' }),
  limit: integer('How many, the newest first.', { min: 1, max: decisionsMax }),
  whole: flag('Answer the newest of them whole, with its explanation.'),
});

/** What is wrong with the spec of a request. */
export const placementHistoryFaults = (object: KubeObject): ReturnType<Shape['check']> => specShape.check(object.spec ?? {}, 'spec');

/** The schema of PlacementHistory. */
export const placementHistorySchema = objectSchema(
  'PlacementHistory',
  'PlacementHistory asks which decisions were made about one object, and is answered in its status. Nothing is written or kept.',
  { spec: specShape.schema, status: anything('The answer: decisions, newest first, and with `whole` the newest of them in full.').schema },
  ['spec'],
);

/** How the API server serves PlacementHistory. */
export const placementHistoryType: ResourceType = {
  group: hanseGroup,
  version: hanseVersion,
  kind: 'PlacementHistory',
  listKind: 'PlacementHistoryList',
  resource: 'placementhistories',
  singular: 'placementhistory',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['create'],
  schemaName: schemaNameOf('PlacementHistory'),
  hasStatus: false,
  strategicMerge: false,
  strategy: {},
  columns: [nameColumn],
  cells: (object) => [object.metadata.name ?? ''],
};
