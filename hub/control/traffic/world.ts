/** @module What the traffic loop decides from: the store, the clusters, and what it remembers of each service. */
import { mcsGroup } from '../../../shared/api/index.ts';
import { partsOf, prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { isWaitedFor } from '../cluster/liveness.ts';
import type { EventText } from '../events.ts';
import { type AnswerDesk, createAnswerDesk, type ServiceKey, serviceKey } from './answers.ts';
import { type Awaited, readAwaited } from './awaited.ts';
import { createMadeServices, type MadeServices } from './made.ts';
import { limitsIn } from './members.ts';
import { createSentRecords, type SentRecords } from './records.ts';
import type { TrafficBus } from './split-bus.ts';
import type { PolicyService } from './status.ts';
import { createLossTables, type LossTables } from './tables.ts';
import { createHeldUses, type HeldUses } from './uses.ts';
import { createWaitTeller, type WaitTeller } from './waits.ts';

/** What the loop is built from. */
export type TrafficLoopOptions = {
  readonly store: Store;
  readonly bus: TrafficBus;
  readonly env: RuntimeEnv;
  readonly directory: Directory;
  /** Clusters that the hub's Service of this name is sent to. */
  readonly sentTo: (namespace: string, name: string) => readonly string[];
  /** Where a cluster may be looked at from outside changed. */
  readonly onAddresses: (cluster: string) => void;
  /** An Event on a Cluster. */
  readonly tell: (cluster: string, event: EventText) => void;
};

/** That, and what the loop remembers. */
export type TrafficWorld = TrafficLoopOptions & {
  readonly desk: AnswerDesk;
  readonly awaited: Awaited;
  readonly made: MadeServices;
  readonly records: SentRecords;
  readonly tables: LossTables;
  readonly held: HeldUses;
  readonly waits: WaitTeller;
};

/** Has things looked at again; a service after a moment unless it is said when. */
export type Wake = {
  readonly service: (service: ServiceKey, afterMs?: number) => void;
  /** `id`: `namespace/name`. */
  readonly policy: (id: string) => void;
};

/** Where the hub's ServiceExports are. */
export const exportPrefix = prefixOf(mcsGroup, 'serviceexports');

/** A world in which nothing was heard or sent yet. */
export const openWorld = (options: TrafficLoopOptions, wake: Wake): TrafficWorld => {
  const { store, bus, env, directory } = options;
  return {
    ...options,
    desk: createAnswerDesk(env.log),
    awaited: readAwaited(store, env.monotonicMs),
    made: createMadeServices(wake.policy),
    records: createSentRecords({ bus, env, revision: store.revision, onFailed: wake.service }),
    tables: createLossTables({ env, limits: () => limitsIn(directory), onMoved: (service) => wake.service(service, 0) }),
    held: createHeldUses(env, wake.service),
    waits: createWaitTeller(options.tell),
  };
};

/** All services that anything is known of. */
export const servicesIn = ({ store, desk, records, made }: TrafficWorld): ServiceKey[] => {
  const exported = store.list(exportPrefix).map(({ key }) => {
    const { namespace, name } = partsOf(key);
    return serviceKey(namespace, name);
  });
  return [...new Set([...desk.services(), ...records.services(), ...made.known.keys(), ...exported])];
};

/** Clusters that were sent the service's record and are waited for, with its epoch: of any other nobody can say what it has. */
export const sentOf = ({ records, directory }: TrafficWorld, service: ServiceKey, members: ReadonlySet<string>): PolicyService['sent'] =>
  [...members]
    .filter((cluster) => isWaitedFor(directory.liveness(cluster)))
    .map((cluster) => ({ cluster, epoch: records.epochOf(service, cluster) }))
    .filter(({ epoch }) => epoch > 0);
