/** @module A decision as writes of the store, and what it changes for others. */

import { placementType } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { partsOf, type Write } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import type { Decision } from '../../../shared/placement/index.ts';
import { controlUser, newMetadata } from '../objects.ts';
import type { PlacementOutput } from './decide.ts';
import type { Entry } from './entry.ts';
import { placementFinalizer } from './names.ts';

/** A decision about one object and what becomes of it. */
export type Decided = {
  readonly entry: Entry;
  readonly decision: Decision;
  readonly output: PlacementOutput;
  /** Replicas by cluster that it promises. */
  readonly promised: ReadonlyMap<string, number>;
};

/** What a written decision changed. */
export type PlacementChange = {
  /** Clusters that hold fewer replicas than before. */
  readonly freed: readonly string[];
  /** The object is in other clusters than before. */
  readonly isElsewhere: boolean;
};

/** What a decision promises: where it places replicas, and what lingers where it still owes them, lets them stay, or nobody can take them away. */
export const promisedIn = (
  { held }: Entry,
  { spec, status }: PlacementOutput,
  keptBack: ReadonlySet<string>,
): ReadonlyMap<string, number> => {
  const left = new Set([...keptBack, ...[...(status.staying ?? []), ...(status.owed ?? [])].map(({ name }) => name)]);
  return new Map([...[...held].filter(([name]) => left.has(name)), ...replicasIn(spec.clusters)]);
};

/** Replicas of a decision by cluster; kinds without replicas have none. */
export const replicasIn = (clusters: Decision['clusters']): ReadonlyMap<string, number> =>
  new Map(clusters.flatMap(({ name, replicas }) => (replicas === undefined ? [] : [[name, replicas] as const])));

const isHeld = ({ metadata }: KubeObject): boolean => metadata.finalizers?.includes(placementFinalizer) === true;

/** True when the decision says something that is not written yet. */
export const isNews = ({ entry, output }: Decided): boolean => output.isChanged || !isHeld(entry.stored.object);

/** The Placement, and the object when it is not held yet. */
export const writesOf = (env: RuntimeEnv, { entry: { stored, existing }, output }: Decided): Write[] => {
  const { object } = stored;
  const { key, placement, revision } = existing;
  const owner = { apiVersion: object.apiVersion, kind: object.kind, name: object.metadata.name, uid: object.metadata.uid ?? '' };
  const metadata = placement?.metadata ?? { ...newMetadata(env, partsOf(key).name, partsOf(key).namespace), ownerReferences: [owner] };
  const isSpecChanged = placement !== undefined && !sameJson(placement.spec, output.spec);
  const next: KubeObject = {
    apiVersion: `${placementType.group}/${placementType.version}`,
    kind: placementType.kind,
    metadata: isSpecChanged ? { ...metadata, generation: (metadata.generation ?? 1) + 1 } : metadata,
    spec: output.spec,
    status: output.status,
  };
  const put: Write = { op: 'put', key, expected: revision, object: next, by: controlUser };
  if (isHeld(object)) return [put];
  const finalizers = [...(object.metadata.finalizers ?? []), placementFinalizer];
  const held = { ...object, metadata: { ...object.metadata, finalizers } };
  return [put, { op: 'put', key: stored.key, expected: stored.revision, object: held, by: controlUser }];
};

/** What the decision changes once it is written. */
export const changeOf = ({ entry: { held, task }, output, promised }: Decided): PlacementChange => {
  const before = task.workload.current;
  const after = output.spec.clusters;
  return {
    freed: [...held].flatMap(([name, replicas]) => ((promised.get(name) ?? 0) < replicas ? [name] : [])),
    isElsewhere: before.size !== after.length || after.some(({ name }) => !before.has(name)),
  };
};
