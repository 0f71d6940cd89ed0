/** @module Objects of a plan that no policy selects and that go along all the same, because a workload names them. */
import type { WorkloadRef } from '../../../shared/api/index.ts';
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import type { PlanFleet } from '../../../shared/plan/index.ts';
import { createDependencyIndex, type NamedObjects } from '../dependencies/index.ts';
import { podSpecOf } from '../kinds.ts';

/** The fleet with those objects told apart from what nothing takes anywhere. `keyOf` says where `objects` has an object. */
export const withFollowing = (fleet: PlanFleet, objects: NamedObjects, keyOf: (ref: WorkloadRef) => StorageKey | undefined): PlanFleet => {
  const namespaces = new Set(fleet.unselected.map(({ namespace }) => namespace));
  const index = createDependencyIndex(objects);
  const takers = new Map<StorageKey, WorkloadRef>();
  for (const { policy, workload } of fleet.tasks) {
    const key = policy.propagateDependencies && namespaces.has(workload.ref.namespace) ? keyOf(workload.ref) : undefined;
    const object = key === undefined ? undefined : objects.get(key)?.object;
    if (key === undefined || object === undefined || podSpecOf(object) === undefined) continue;
    index.put(key, object);
    takers.set(key, workload.ref);
  }
  const takerOf = (ref: WorkloadRef): WorkloadRef | undefined => {
    const key = keyOf(ref);
    const [first] = key === undefined ? [] : [...index.dependents(key)].sort();
    return first === undefined ? undefined : takers.get(first);
  };
  const following = fleet.unselected.flatMap((object) => {
    const taker = takerOf(object);
    return taker === undefined ? [] : [{ object, with: taker }];
  });
  const taken = new Set(following.map(({ object }) => object));
  return { ...fleet, unselected: fleet.unselected.filter((ref) => !taken.has(ref)), following };
};
