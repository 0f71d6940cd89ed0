/** @module Those who change what the replicas of a workload ask for, also to more than any node has. */
import type { Prng } from '../../shared/lib/prng.ts';
import { type HubApi, hubKinds } from './model/hub-api.ts';
import { type Action, update } from './users.ts';

const sizes = ['250m', '500m', '1500m', '2500m', '3500m', '6000m'];

/** The next change, begun; undefined when there is no workload. */
export const actAsResizer = (api: HubApi, random: Prng): Action | undefined => {
  const live = api.list(hubKinds.deployments).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (live.length === 0) return undefined;
  const { name } = random.pick(live).metadata;
  const cpu = random.pick(sizes);
  return update(api, hubKinds.deployments, name, (object) => {
    const spec = structuredClone(object.spec) as { template: { spec: { containers: { resources: object }[] } } };
    for (const container of spec.template.spec.containers) container.resources = { requests: { cpu } };
    return { ...object, spec };
  });
};
