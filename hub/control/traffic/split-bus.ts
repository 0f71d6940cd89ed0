/** @module Records of traffic travel as work, and no loop of workloads should see them: one bus is seen as two. */
import { isTrafficId, type StatusItem, type WorkItem } from '../../../shared/wire/index.ts';
import type { FleetBus, PublishedWork, PublishOutcome, Unsubscribe } from '../../fleet/port.ts';

/** The part of the bus that carries records of traffic. */
export type TrafficBus = {
  readonly publish: (item: WorkItem) => Promise<PublishOutcome>;
  readonly forget: (cluster: string, id: string) => Promise<PublishOutcome>;
  readonly published: () => Promise<readonly PublishedWork[]>;
  readonly onAnswer: (handler: (item: StatusItem) => void) => Unsubscribe;
  /** A record at the broker is not ours; told from the moment that {@link SplitBus.work} is listened to. */
  readonly onDamage: (handler: (damage: { readonly cluster: string; readonly id: string }) => void) => Unsubscribe;
  /** An agent said hello, with the addresses of its name server. */
  readonly onHello: (handler: (cluster: string, dnsAddresses: readonly string[]) => void) => Unsubscribe;
};

/** The two. */
export type SplitBus = { readonly work: FleetBus; readonly traffic: TrafficBus };

/** Splits a bus. */
export const splitBus = (bus: FleetBus): SplitBus => {
  const damageHandlers = new Set<(damage: { readonly cluster: string; readonly id: string }) => void>();
  const published = async (isTraffic: boolean): Promise<readonly PublishedWork[]> =>
    (await bus.publishedWork()).filter(({ id }) => isTrafficId(id) === isTraffic);
  return {
    work: {
      ...bus,
      onStatus: (handler) =>
        bus.onStatus((item) => {
          if (!isTrafficId(item.id)) handler(item);
        }),
      onUnknown: (handler) =>
        bus.onUnknown((unknown) => {
          if (!isTrafficId(unknown.item.id)) handler(unknown);
        }),
      // What was found before is told to the first handler alone, so that there is one for both.
      onDamage: (handler) =>
        bus.onDamage((damage) => {
          if (!isTrafficId(damage.id)) handler(damage);
          else for (const hear of damageHandlers) hear(damage);
        }),
      publishedWork: () => published(false),
    },
    traffic: {
      publish: bus.publishWork,
      forget: bus.forgetWork,
      published: () => published(true),
      onAnswer: (handler) =>
        bus.onStatus((item) => {
          if (isTrafficId(item.id)) handler(item);
        }),
      onDamage: (handler) => {
        damageHandlers.add(handler);
        return () => damageHandlers.delete(handler);
      },
      onHello: (handler) => bus.onHello(({ message }) => handler(message.cluster, message.dnsAddresses ?? [])),
    },
  };
};
