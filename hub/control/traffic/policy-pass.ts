/** @module Brings the status of one TrafficPolicy to where it should be: what became of the services that are under it. */
import { hanseGroup, type TrafficPolicy } from '../../../shared/api/index.ts';
import { keyOf } from '../../../shared/kube/storage/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { done, type Outcome } from '../controller.ts';
import { commit, controlUser } from '../objects.ts';
import { partsOfService } from './answers.ts';
import { memberNames } from './members.ts';
import { type PolicyService, policyStatus } from './status.ts';
import { sentOf, type TrafficWorld } from './world.ts';

/** One pass. `id`: `namespace/name`. */
export const reconcilePolicy = async (world: TrafficWorld, id: string): Promise<Outcome> => {
  const { store, env, directory, desk, made } = world;
  const { namespace, name } = partsOfService(id);
  const stored = store.get(keyOf(hanseGroup, 'trafficpolicies', namespace, name));
  if (stored === undefined) return done;
  const members = memberNames(directory);
  const services = [...made.known].flatMap(([service, one]): PolicyService[] => {
    const of = partsOfService(service);
    if (of.namespace !== namespace || one.policy !== name) return [];
    const sent = sentOf(world, service, members);
    return [{ name: of.name, ...one, epoch: Math.max(0, ...sent.map(({ epoch }) => epoch)), answers: desk.of(service), sent }];
  });
  const status = policyStatus(stored.object as unknown as TrafficPolicy, services, env.nowMs());
  if (sameJson(stored.object.status, status)) return done;
  const object = { ...stored.object, status };
  return (await commit(store, [{ op: 'put', key: stored.key, expected: stored.revision, object, by: controlUser }])) ?? done;
};
