/** @module All that the hub knows of its clusters, in memory: objects, health, what agents said, and the ledger over it. */

import {
  type Cluster,
  clusterLabels,
  type DetectorSummary,
  doubleCondition,
  isMember,
  labelsOfCluster,
  type PastOutage,
} from '../../../shared/api/index.ts';
import type { CapacityReport } from '../../../shared/capacity/index.ts';
import type { Obstacle } from '../../../shared/health/index.ts';
import type { Env } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { type ClusterView, operatorTaints, shutOut } from '../../../shared/placement/index.ts';
import { choosingRight, type Hello } from '../../../shared/wire/index.ts';
import { type HeldDeath, type Observed, underVerdict } from '../verdict/relation.ts';
import { type Health, taintsOf, unseen } from './health.ts';
import type { Ledger } from './ledger.ts';
import { isKeptBack, type Liveness, livenessOf } from './liveness.ts';
import { moveTimes, taintsNow, watchSetClock } from './set-clock.ts';
import type { AgentTrouble } from './twins.ts';

/** One cluster as the hub knows it. */
export type ClusterRecord = {
  readonly name: string;
  /** Undefined when agents speak of a Cluster that is not there (any more). */
  object: Cluster | undefined;
  /** By the hub's own hearing. */
  health: Health;
  /** By how much the clock was set since the operator's taints that end were put. */
  taintsMovedMs: ReadonlyMap<string, number>;
  /** What the observers agreed on; it goes before. */
  observed: Observed | undefined;
  /** The death of it that the observers agree on, while something keeps that from coming into force. */
  heldDeath: HeldDeath | undefined;
  /** Why it does not count as lost though it is silent. */
  held: Obstacle | undefined;
  /** As of the last tick it had been silent for as long as a loss takes without being lost. */
  isDoubted: boolean;
  /** When its agent and the others missed broker and hub, as told since this hub began, in the order in which that was taken. */
  outages: readonly PastOutage[];
  /** What the detection profiles would have done. */
  detectors: readonly DetectorSummary[] | undefined;
  report: CapacityReport | undefined;
  /** What the member forbids its agent, as the last beat said: `list nodes`. */
  forbidden: readonly string[];
  /** What is wrong with how its agent is started. */
  agentTrouble: AgentTrouble | undefined;
  hello: Hello | undefined;
  /** Load balancers of its exported services that others may look at, `tcp://host:port`; undefined = it has told of no service yet. */
  services: readonly string[] | undefined;
  /** Kinds served, from the hello or, before it, from the Cluster's status. */
  served: ReadonlySet<string> | undefined;
};

/** The clusters. */
export type Directory = {
  readonly get: (name: string) => ClusterRecord | undefined;
  /** The record of a cluster, made when it is new. */
  readonly of: (name: string) => ClusterRecord;
  readonly all: () => readonly ClusterRecord[];
  readonly remove: (name: string) => void;
  /** Before any time is looked at, or taken down: all of them are of the clock as it is set now. The views see to it themselves. */
  readonly goWithClock: () => void;
  /** The clock was set by so much, and the times of all clusters went along. */
  readonly onClockSet: (handler: (byMs: number) => void) => void;
  /** What placement is decided from; clusters with an object, sorted by name. */
  readonly views: () => readonly ClusterView[];
  /** One of the views. */
  readonly view: (name: string) => ClusterView | undefined;
  /** What the hub thinks of it; one that is not there is `Unseen`. */
  readonly liveness: (name: string) => Liveness;
  /** Clusters that are silent, though not given up: nothing leaves them, and what was meant to leave has its room there until it goes. */
  readonly keptBack: () => ReadonlySet<string>;
  readonly has: (name: string) => boolean;
  /** Approved, joined, and not on its way out. */
  readonly isMember: (name: string) => boolean;
};

const closedBecause = (object: Cluster): ClusterView['closed'] => {
  if (object.metadata.deletionTimestamp !== undefined) return { reason: 'deleting', message: 'the cluster is leaving' };
  const out = shutOut(object.spec);
  if (out !== undefined) return out;
  if ((object.spec?.admission ?? 'Pending') === 'Pending')
    return { reason: 'pending', message: `the cluster waits for approval (hanse approve ${object.metadata.name})` };
  const double = doubleCondition(object);
  if (double !== undefined) return { reason: 'double', message: `not counted: ${double.message}` };
  if (object.status?.agent === undefined) return { reason: 'pending', message: 'no agent has joined for the cluster yet' };
  return undefined;
};

/** The labels that policies see; before the agent has told what it learnt, what it told before an earlier hub ended. */
const labelsOf = (record: Pick<ClusterRecord, 'name' | 'hello'>, object: Cluster): Readonly<Record<string, string>> => ({
  ...labelsOfCluster(object),
  ...record.hello?.labels,
  ...object.metadata.labels,
  [clusterLabels.cluster]: record.name,
});

/** The room of a cluster as long as the view lasts: looked up anew each time. */
const roomOf = (record: ClusterRecord, ledger: Ledger): ClusterView['room'] =>
  record.report === undefined ? undefined : ledger.room(record.name, record.report);

/** A record held against a Cluster object, its own or one that is only supposed; its room is asked for when it is needed. */
export const viewOf = (
  record: Pick<ClusterRecord, 'name' | 'health' | 'observed' | 'hello' | 'served' | 'taintsMovedMs' | 'forbidden'>,
  object: Cluster,
  room: () => ClusterView['room'],
): ClusterView => {
  const closed = closedBecause(object);
  const pricing = object.spec?.pricing;
  return {
    name: record.name,
    labels: labelsOf(record, object),
    taints: [...taintsNow(object.spec, record.taintsMovedMs), ...taintsOf(underVerdict(record.health, record))],
    ...(closed === undefined ? {} : { closed }),
    ...(pricing === undefined ? {} : { pricing }),
    ...(record.forbidden.includes(choosingRight) ? { choosesNone: true } : {}),
    served: record.served,
    get room() {
      return room();
    },
  };
};

/** What a view is made from. */
type ViewSource = Pick<ClusterRecord, 'object' | 'health' | 'observed' | 'hello' | 'served' | 'taintsMovedMs' | 'forbidden'>;

const isSameSource = (a: ViewSource, b: ViewSource): boolean =>
  a.object === b.object &&
  a.health === b.health &&
  a.observed === b.observed &&
  a.hello === b.hello &&
  a.served === b.served &&
  a.taintsMovedMs === b.taintsMovedMs &&
  a.forbidden === b.forbidden;

const isSameView = (a: ClusterView | undefined, b: ClusterView | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.served === b.served &&
    a.choosesNone === b.choosesNone &&
    sameJson([a.labels, a.taints, a.closed, a.pricing], [b.labels, b.taints, b.closed, b.pricing]));

type Kept = { readonly source: ViewSource; readonly view: ClusterView | undefined };

/** Views that are kept while nothing but room changes: placement keeps what it found out about a list by the list itself. */
const createViews = (records: ReadonlyMap<string, ClusterRecord>, ledger: Ledger): Pick<Directory, 'views' | 'view'> => {
  const kept = new Map<string, Kept>();
  let list: readonly ClusterView[] | undefined;
  const refresh = (record: ClusterRecord): ClusterView | undefined => {
    const known = kept.get(record.name);
    if (known !== undefined && isSameSource(known.source, record)) return known.view;
    const { object, health, observed, hello, served, taintsMovedMs, forbidden } = record;
    const made = object === undefined ? undefined : viewOf(record, object, () => roomOf(record, ledger));
    // A beat or a new status makes new objects that say the same.
    const isSame = known !== undefined && isSameView(known.view, made);
    const view = isSame ? known.view : made;
    kept.set(record.name, { source: { object, health, observed, hello, served, taintsMovedMs, forbidden }, view });
    if (!isSame) list = undefined;
    return view;
  };
  return {
    view: (name) => {
      const record = records.get(name);
      return record === undefined ? undefined : refresh(record);
    },
    views: () => {
      for (const record of records.values()) refresh(record);
      if (kept.size !== records.size) list = undefined;
      if (list !== undefined) return list;
      for (const name of kept.keys()) if (!records.has(name)) kept.delete(name);
      list = [...kept.values()]
        .flatMap(({ view }) => (view === undefined ? [] : [view]))
        .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
      return list;
    },
  };
};

/** A view but for its room: when this text changes, decisions may. */
export const viewFingerprint = (record: ClusterRecord): string =>
  record.object === undefined
    ? ''
    : JSON.stringify([
        labelsOf(record, record.object),
        operatorTaints(record.object.spec),
        taintsOf(underVerdict(record.health, record)).map(({ key, effect }) => [key, effect]),
        closedBecause(record.object),
        record.served === undefined ? undefined : [...record.served].sort(),
        record.report !== undefined,
        record.object.spec?.pricing,
      ]);

/** A cluster of which nothing has been heard. */
export const strangerOf = (name: string, nowMs: number): ClusterRecord => ({
  name,
  object: undefined,
  health: unseen(nowMs),
  taintsMovedMs: new Map(),
  observed: undefined,
  heldDeath: undefined,
  held: undefined,
  isDoubted: false,
  outages: [],
  detectors: undefined,
  report: undefined,
  forbidden: [],
  agentTrouble: undefined,
  hello: undefined,
  services: undefined,
  served: undefined,
});

/** Asked of every cluster for every workload: most are well, and nobody says otherwise. */
const isWell = ({ health, observed, isDoubted }: ClusterRecord): boolean => health.phase === 'Well' && observed === undefined && !isDoubted;

/** An empty directory. */
export const createDirectory = (ledger: Ledger, env: Pick<Env, 'nowMs' | 'monotonicMs'>): Directory => {
  const records = new Map<string, ClusterRecord>();
  const views = createViews(records, ledger);
  const setBy = watchSetClock(env);
  let onSet: (byMs: number) => void = () => undefined;
  const goWithClock = (): void => {
    const byMs = setBy();
    if (byMs === 0) return;
    for (const record of records.values()) moveTimes(record, byMs);
    onSet(byMs);
  };
  return {
    get: (name) => records.get(name),
    of: (name) => {
      const known = records.get(name);
      if (known !== undefined) return known;
      const made = strangerOf(name, env.nowMs());
      records.set(name, made);
      return made;
    },
    all: () => [...records.values()],
    remove: (name) => void records.delete(name),
    goWithClock,
    onClockSet: (handler) => {
      onSet = handler;
    },
    views: () => {
      goWithClock();
      return views.views();
    },
    view: (name) => {
      goWithClock();
      return views.view(name);
    },
    liveness: (name) => {
      const record = records.get(name);
      return record === undefined ? { is: 'Unseen' } : livenessOf(record);
    },
    keptBack: () => {
      const names = new Set<string>();
      for (const record of records.values()) if (!isWell(record) && isKeptBack(livenessOf(record))) names.add(record.name);
      return names;
    },
    has: (name) => records.get(name)?.object !== undefined,
    isMember: (name) => {
      const object = records.get(name)?.object;
      return object !== undefined && isMember(object);
    },
  };
};
