/**
 * @module Compiles every exported service for the agents, and tells people what became of it. Keys: `s namespace/name` for a service,
 * `p namespace/name` for the status of a policy.
 */
import { mcsGroup } from '../../../shared/api/index.ts';
import { type Change, partsOf, prefixOf } from '../../../shared/kube/storage/index.ts';
import { startController } from '../controller.ts';
import { partsOfService, serviceKey } from './answers.ts';
import { listenToAgents } from './listen.ts';
import { trafficPolicyPrefix } from './policies.ts';
import { reconcilePolicy } from './policy-pass.ts';
import { reconcileService } from './service-pass.ts';
import { exportPrefix, openWorld, servicesIn, type TrafficLoopOptions, type Wake } from './world.ts';
import { exportOf } from './writes.ts';

/** A running loop. */
export type TrafficLoop = {
  /** An object of the hub was written or deleted. */
  readonly onChange: (change: Change) => void;
  /** A Service was sent to a cluster, or taken back. */
  readonly onService: (namespace: string, name: string) => void;
  /** What is known of a cluster changed: its labels, whether it takes part, its name server. */
  readonly onCluster: () => void;
  readonly pending: () => number;
  readonly stop: () => Promise<void>;
};

const importPrefix = prefixOf(mcsGroup, 'serviceimports');
/** Endpoints change in bursts. */
const gatherMs = 100;
/** People look less often than agents answer. */
const statusMs = 300;

/** Starts the loop over a store that is filled. */
export const startTrafficLoop = (options: TrafficLoopOptions): TrafficLoop => {
  const { store, bus, env } = options;
  const wake: Wake = {
    service: (service, afterMs = gatherMs) => controller.addAfter(`s ${service}`, afterMs),
    policy: (id) => controller.addAfter(`p ${id}`, statusMs),
  };
  const world = openWorld(options, wake);
  const controller = startController({
    name: 'traffic',
    env,
    workers: 4,
    reconcile: (key) => (key.startsWith('s ') ? reconcileService(world, key.slice(2)) : reconcilePolicy(world, key.slice(2))),
  });
  const wakeAll = (): void => {
    for (const service of servicesIn(world)) wake.service(service);
  };
  const stopListening = listenToAgents(world, wake);
  bus.published().then(
    (published) => {
      world.records.load(published);
      wakeAll();
    },
    (error: unknown) => env.log.error('the records of traffic at the broker could not be read; none is sent', { error }),
  );

  return {
    onChange: ({ key }) => {
      const { namespace, name } = partsOf(key);
      if (key.startsWith(exportPrefix) || key.startsWith(importPrefix)) wake.service(serviceKey(namespace, name));
      if (!key.startsWith(trafficPolicyPrefix)) return;
      wake.policy(serviceKey(namespace, name));
      for (const service of servicesIn(world)) if (partsOfService(service).namespace === namespace) wake.service(service);
    },
    onService: (namespace, name) => {
      const service = serviceKey(namespace, name);
      if (world.made.known.has(service) || exportOf(store, service) !== undefined) wake.service(service);
    },
    onCluster: wakeAll,
    pending: controller.pending,
    stop: async () => {
      stopListening();
      world.tables.stop();
      world.held.stop();
      await controller.stop();
    },
  };
};

/** Prefixes of the kinds that the loop listens to. */
export const trafficPrefixes: readonly string[] = [exportPrefix, importPrefix, trafficPolicyPrefix];
