/** @module Brings one service to where it should be: the records of the agents, its ServiceImport, the status of its ServiceExport. */
import type { ServiceExport, TrafficPolicy } from '../../../shared/api/index.ts';
import type { Store, Stored } from '../../../shared/kube/storage/index.ts';
import { exportConditions, mergeExports } from '../../../shared/traffic/index.ts';
import { done, type Outcome } from '../controller.ts';
import { partsOfService, type ServiceKey } from './answers.ts';
import { compiledOf, specsFor } from './compile.ts';
import { type Gathered, gather } from './gather.ts';
import { nothingMade } from './made.ts';
import { memberNames } from './members.ts';
import { policyFor, trafficPolicyPrefix } from './policies.ts';
import { waitingFor } from './status.ts';
import { waitsOf } from './waits.ts';
import { sentOf, type TrafficWorld } from './world.ts';
import { exportOf, writeExport, writeImport } from './writes.ts';

/** The records at the broker are looked for again. */
const loadAgainMs = 200;
/** Clusters that have not told yet what they offer are looked at again. */
const awaitedAgainMs = 1_000;

/** One pass. */
export const reconcileService = async (world: TrafficWorld, service: ServiceKey): Promise<Outcome> => {
  const { store, directory, desk, made, awaited, records } = world;
  if (!records.isLoaded()) return { outcome: 'again', afterMs: loadAgainMs };
  const { namespace, name } = partsOfService(service);
  const members = memberNames(directory);
  const exported = exportOf(store, service);
  const gathered = gather({
    exported: exported?.object as unknown as ServiceExport | undefined,
    sentTo: world.sentTo(namespace, name),
    answers: desk.of(service),
    members,
  });
  const policy = policyFor(policiesIn(store, namespace), name, exported?.object.metadata.labels ?? {});
  const absent = awaited.of(service, members);
  if (absent.length > 0) {
    const problem = `the hub has started anew and waits for what ${absent.join(', ')} offers; agents act by what they have`;
    made.remember(service, { ...(made.known.get(service) ?? nothingMade), policy: policy?.metadata.name, problem });
    return { outcome: 'again', afterMs: awaitedAgainMs };
  }
  return gathered.isExported ? send(world, service, { members, exported, gathered, policy }) : end(world, service, members);
};

/** What a service that is exported is made from. */
type Found = {
  readonly members: ReadonlySet<string>;
  readonly exported: Stored | undefined;
  readonly gathered: Gathered;
  readonly policy: TrafficPolicy | undefined;
};

/** Sends what is made of it, and tells of it. */
const send = async (world: TrafficWorld, service: ServiceKey, { members, exported, gathered, policy }: Found): Promise<Outcome> => {
  const { desk, made, records, held, waits } = world;
  const merged = mergeExports(gathered.sources);
  const uses = held.of(service);
  const compiled = compiledOf(world, service, merged, policy?.spec ?? {}, uses);
  const problem = records.send(service, specsFor(members, gathered, merged, compiled));
  made.remember(service, { policy: policy?.metadata.name, compiled, problem, uses });
  const offered = merged.valid[0]?.report ?? [...gathered.reports.values()][0];
  const sent = sentOf(world, service, members);
  const late = waitingFor({ answers: desk.of(service), sent });
  waits.look(service, policy?.metadata.name, waitsOf(desk.of(service), new Set(sent.map(({ cluster }) => cluster))), compiled.failback);
  const written = await writeExport(world, exported, exportConditions(offered, merged, problem));
  return written ?? (await writeImport(world, service, compiled, late)) ?? done;
};

/** Nobody exports it: everything is taken back. */
const end = async (world: TrafficWorld, service: ServiceKey, members: ReadonlySet<string>): Promise<Outcome> => {
  const { desk, made, records, tables, held, waits } = world;
  const isGone = records.withdraw(service, desk.of(service), (cluster) => members.has(cluster));
  if (isGone) for (const [cluster, { isWithdrawn }] of desk.of(service)) if (isWithdrawn) desk.forget(service, cluster);
  tables.forget(service);
  held.forget(service);
  waits.forget(service);
  made.remember(service, nothingMade);
  return (await writeImport(world, service, undefined, [])) ?? done;
};

const policiesIn = (store: Store, namespace: string): TrafficPolicy[] =>
  store.list(`${trafficPolicyPrefix}${namespace}/`).map(({ object }) => object as unknown as TrafficPolicy);
