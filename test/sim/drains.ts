/** @module Those who drain clusters and take drains back, by the field that `hanse drain` writes. */
import type { ClusterDrain, ClusterSpec } from '../../shared/api/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { Prng } from '../../shared/lib/prng.ts';
import { type HubApi, hubKinds } from './model/hub-api.ts';
import { type Action, update } from './users.ts';

const budgets: readonly ClusterDrain[] = [{}, {}, { maxUnavailable: 1 }, { maxUnavailable: '25%' }];

const specOf = (object: KubeObject): ClusterSpec => (object.spec ?? {}) as ClusterSpec;

/** The next step, begun: a cluster is drained, or one that is takes replicas again. */
export const actAsDrainer = (api: HubApi, random: Prng): Action | undefined => {
  const clusters = api.list(hubKinds.clusters);
  const drained = clusters.filter((cluster) => specOf(cluster).drain !== undefined);
  const isUndone = drained.length > 0 && random.chance(50);
  const { name } = random.pick(isUndone ? drained : clusters).metadata;
  const budget = random.pick(budgets);
  return update(api, hubKinds.clusters, name, (object) => {
    const { drain: _, ...spec } = specOf(object);
    return { ...object, spec: isUndone ? spec : { ...spec, drain: budget } };
  });
};
