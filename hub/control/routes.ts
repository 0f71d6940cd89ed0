/** @module Where a change in the store goes: which keys of which loops it becomes. */
import { hanseGroup, mcsGroup, storedPlacement, whyOwn } from '../../shared/api/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type Change, partsOf, prefixOf, type StorageKey, type Store } from '../../shared/kube/storage/index.ts';
import { hasFinished, isContentChange, movesWork, observesMore } from './changes.ts';
import type { ClusterLoop } from './cluster/loop.ts';
import { claimantsOf, claimTemplatePrefix, type DependencyIndex } from './dependencies/index.ts';
import { type GpuLoop, gpuPoolPrefix } from './gpu/loop.ts';
import { internalPrefix } from './kinds/index.ts';
import { type KindCatalog, objectKeyOf, podSpecOf, refOf, workIdOf } from './kinds.ts';
import type { HandMadeLoop } from './placement/hand-made.ts';
import type { PlacementLoop } from './placement/loop.ts';
import { placementOf } from './placement/names.ts';
import { type PolicyBook, policyPrefixes } from './placement/policies.ts';
import { type TrafficLoop, trafficPrefixes } from './traffic/loop.ts';
import type { VerdictLoop } from './verdict/loop.ts';
import type { Board } from './work/board.ts';
import type { WorkLoop } from './work/loop.ts';

/** The loops, and what they share. */
export type RouteParts = {
  readonly store: Store;
  readonly catalog: KindCatalog;
  readonly policies: PolicyBook;
  readonly dependencies: DependencyIndex;
  readonly board: Board;
  readonly placement: Pick<PlacementLoop, 'add' | 'recheckWaiting' | 'remember'>;
  readonly work: Pick<WorkLoop, 'add'>;
  readonly handMade: Pick<HandMadeLoop, 'takes' | 'takesStored'>;
  readonly lookAtStatus: (key: StorageKey) => void;
  readonly cluster: Pick<ClusterLoop, 'onObject'>;
  readonly traffic: Pick<TrafficLoop, 'onChange' | 'onCluster'>;
  readonly gpus: Pick<GpuLoop, 'changed'>;
  readonly verdicts: Pick<VerdictLoop, 'onObject'> | undefined;
};

/** The routes. */
export type Routes = {
  readonly onChange: (change: Change) => void;
  /** Tells the loops what the store holds already. */
  readonly fill: () => void;
};

const clusterPrefix = prefixOf(hanseGroup, 'clusters');
const placementPrefix = prefixOf(hanseGroup, 'placements');
const priorityClassPrefix = prefixOf('scheduling.k8s.io', 'priorityclasses');
const failoverPolicyPrefix = prefixOf(hanseGroup, 'failoverpolicies');
/** Prefixes whose objects no loop cares for. */
const ignoredPrefixes = [
  prefixOf('', 'events'),
  prefixOf('coordination.k8s.io', 'leases'),
  `${hanseGroup}/jointokens/`,
  internalPrefix,
  gpuPoolPrefix,
  failoverPolicyPrefix,
  prefixOf(hanseGroup, 'trafficpolicies'),
  prefixOf(mcsGroup, 'serviceimports'),
];

/** Where the object of a stored Placement is; undefined when nobody serves its kind. */
export const workloadKeyOf = (catalog: KindCatalog, placement: KubeObject): StorageKey | undefined => {
  const ref = storedPlacement(placement).spec?.workload;
  return ref === undefined ? undefined : objectKeyOf(catalog, ref);
};

/** Routes over loops that run. */
export const createRoutes = (parts: RouteParts): Routes => {
  const { store, catalog, policies, dependencies, board, placement, handMade, work, cluster, traffic, gpus, verdicts } = parts;
  const onChange = (change: Change): void => {
    const { key, op } = change;
    const object = op === 'delete' ? undefined : change.current.object;
    if (key.startsWith(failoverPolicyPrefix)) verdicts?.onObject();
    if (trafficPrefixes.some((prefix) => key.startsWith(prefix))) traffic.onChange(change);
    if (ignoredPrefixes.some((prefix) => key.startsWith(prefix))) return;
    if (key.startsWith(clusterPrefix)) {
      verdicts?.onObject();
      cluster.onObject(partsOf(key).name, object);
      if (isContentChange(change)) {
        gpus.changed();
        traffic.onCluster();
      }
    } else if (policyPrefixes.some((prefix) => key.startsWith(prefix))) onPolicy(key, object);
    else if (key.startsWith(placementPrefix)) onPlacement(change);
    else if (isContentChange(change)) onContent(change);
    else if (hasFinished(change)) placement.add(key);
  };
  const onContent = ({ key, op, current: { object } }: Change): void => {
    const isWorkload = podSpecOf(object) !== undefined;
    if (op === 'delete' || isWorkload || policies.policyOf(object) !== undefined || object.metadata.finalizers !== undefined)
      placement.add(key);
    if (key.startsWith(priorityClassPrefix)) placement.recheckWaiting();
    if (key.startsWith(claimTemplatePrefix)) for (const claimant of claimantsOf(store, catalog, key)) placement.add(claimant);
    work.add(key);
    for (const workload of dependencies.touched(key)) work.add(workload);
  };
  const isSomewhere = (key: StorageKey): boolean => {
    const object = store.get(key)?.object;
    if (object === undefined || board.sent(workIdOf(key)).size > 0 || dependencies.dependents(key).size > 0) return true;
    return placementOf(store, refOf(object)).placement !== undefined;
  };
  const onPolicy = (key: StorageKey, object: KubeObject | undefined): void => {
    for (const selected of policies.put(key, object)) {
      placement.add(selected);
      // What is nowhere is sent when it is placed.
      if (isSomewhere(selected)) work.add(selected);
    }
  };
  const onPlacement = (change: Change): void => {
    if (handMade.takes(change)) return;
    const key = workloadKeyOf(catalog, change.current.object);
    if (key === undefined) return;
    // Ours comes back to us as well: of what is there only what somebody else wrote is set right, and what is gone is decided again.
    if (change.op === 'delete') placement.add(key);
    if (movesWork(change)) work.add(key);
    // What clusters answered meanwhile counts from the moment at which its placement is known to be of this generation.
    else if (observesMore(change)) parts.lookAtStatus(key);
  };

  const fill = (): void => {
    for (const prefix of policyPrefixes) for (const { key, object } of store.list(prefix)) onPolicy(key, object);
    for (const stored of store.list(placementPrefix)) {
      if (handMade.takesStored(stored)) continue;
      const { object } = stored;
      const key = workloadKeyOf(catalog, object);
      const workload = key === undefined ? undefined : store.get(key)?.object;
      if (key === undefined || workload === undefined) continue;
      placement.remember(workload, key, storedPlacement(object));
      dependencies.put(key, workload);
      // No policy leads to what an earlier version placed and this one leaves with its cluster.
      if (whyOwn(workload) !== undefined) placement.add(key);
    }
    for (const { key, object } of store.list(clusterPrefix)) cluster.onObject(partsOf(key).name, object);
  };
  return { onChange, fill };
};
