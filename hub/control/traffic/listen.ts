/** @module What agents and the broker say of services becomes what the traffic loop remembers, and services that it looks at again. */
import { serviceKey } from './answers.ts';
import { createOutsideAddresses } from './outside.ts';
import type { TrafficWorld, Wake } from './world.ts';

/** Listens; the answer ends it. */
export const listenToAgents = (world: TrafficWorld, wake: Pick<Wake, 'service'>): (() => void) => {
  const { bus, desk, made, awaited, records, held, directory } = world;
  /** Addresses of the clusters' name servers. */
  const servers = new Map<string, string>();
  const outside = createOutsideAddresses();
  const stops = [
    bus.onAnswer((item) => {
      const taken = desk.take(item);
      if (taken === undefined) return;
      const { service, isNews } = taken;
      awaited.heard(service, item.cluster);
      const report = desk.of(service).get(item.cluster)?.report;
      held.hear(service, item.cluster, report?.use);
      const isElsewhere = outside.take(item.cluster, service, report);
      const cluster = directory.of(item.cluster);
      if (isElsewhere || cluster.services === undefined) {
        cluster.services = outside.of(item.cluster);
        world.onAddresses(item.cluster);
      }
      if (records.overtaken(service, item.cluster, item.seq) || isNews) wake.service(service);
    }),
    bus.onDamage(({ cluster, id }) => {
      const [, , namespace = '', name = ''] = id.split('=');
      records.damaged(serviceKey(namespace, name), cluster);
      wake.service(serviceKey(namespace, name));
    }),
    bus.onHello((cluster, addresses) => {
      if ((servers.get(cluster) ?? '') === addresses.join()) return;
      servers.set(cluster, addresses.join());
      for (const [service, { compiled }] of made.known) if (compiled?.dns !== undefined) wake.service(service);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};
