/**
 * @module Compiles every exported service for the agents, and tells people what became of it. Keys: `s namespace/name` for a service,
 * `p namespace/name` for the status of a policy.
 */

import {
  hanseGroup,
  mcsGroup,
  type ServiceExport,
  type TrafficPolicy,
  type TrafficPolicySpec,
  trafficDefaults,
} from '../../../shared/api/index.ts';
import { type Change, keyOf, partsOf, prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import {
  type CompiledService,
  compileService,
  exportConditions,
  mergeExports,
  servedOf,
  withMeasuredUse,
} from '../../../shared/traffic/index.ts';
import type { TrafficSpec } from '../../../shared/wire/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { done, type Outcome, startController } from '../controller.ts';
import { commit, controlUser } from '../objects.ts';
import { createAnswerDesk, partsOfService, type ServiceKey, serviceKey } from './answers.ts';
import { readAwaited } from './awaited.ts';
import { gather } from './gather.ts';
import { labelsIn, limitsIn, memberNames, nameServers } from './members.ts';
import { dnsOf, policyFor, termsOf, trafficPolicyPrefix } from './policies.ts';
import { createSentRecords } from './records.ts';
import type { TrafficBus } from './split-bus.ts';
import { type PolicyService, policyStatus, waitingFor } from './status.ts';
import { createLossTables } from './tables.ts';
import { createHeldUses, type Uses } from './uses.ts';
import { exportOf, writeExport, writeImport } from './writes.ts';

/** What the loop is built from. */
export type TrafficLoopOptions = {
  readonly store: Store;
  readonly bus: TrafficBus;
  readonly env: RuntimeEnv;
  readonly directory: Directory;
  /** Clusters that the hub's Service of this name is sent to. */
  readonly sentTo: (namespace: string, name: string) => readonly string[];
};

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

const exportPrefix = prefixOf(mcsGroup, 'serviceexports');
const importPrefix = prefixOf(mcsGroup, 'serviceimports');
/** Endpoints change in bursts. */
const gatherMs = 100;
/** People look less often than agents answer. */
const statusMs = 300;
const loadAgainMs = 200;

const noPolicy: TrafficPolicySpec = {};
const failbackDefault: TrafficSpec['failback'] = {
  mode: trafficDefaults.failback.mode,
  holdDownMs: trafficDefaults.failback.holdDownSeconds * 1_000,
  stepsPercent: trafficDefaults.failback.stepsPercent,
  stepMs: trafficDefaults.failback.stepSeconds * 1_000,
  setbacksMax: trafficDefaults.failback.setbacksMax,
  released: [],
};

/** What was last made of a service. */
type Made = {
  readonly policy: string | undefined;
  readonly compiled: CompiledService | undefined;
  readonly problem: string | undefined;
  readonly uses: Uses;
};
const nothingMade: Made = { policy: undefined, compiled: undefined, problem: undefined, uses: new Map() };

/** Starts the loop over a store that is filled. */
export const startTrafficLoop = (options: TrafficLoopOptions): TrafficLoop => {
  const { store, bus, env, directory } = options;
  const desk = createAnswerDesk(env.log);
  const made = new Map<ServiceKey, Made>();
  const awaited = readAwaited(store, env.nowMs);
  const add = (service: ServiceKey, afterMs = gatherMs): void => controller.addAfter(`s ${service}`, afterMs);
  const addPolicy = (id: string): void => controller.addAfter(`p ${id}`, statusMs);
  const records = createSentRecords({ bus, env, revision: store.revision, onFailed: add });
  const tables = createLossTables({ env, limits: () => limitsIn(directory), onMoved: (service) => add(service, 0) });
  const held = createHeldUses(env, add);

  const remember = (service: ServiceKey, next: Made): void => {
    const before = made.get(service);
    if (next.compiled === undefined && next.problem === undefined && next.policy === undefined) made.delete(service);
    else made.set(service, next);
    const { namespace } = partsOfService(service);
    for (const policy of new Set([before?.policy, next.policy])) if (policy !== undefined) addPolicy(`${namespace}/${policy}`);
  };
  const sentOf = (service: ServiceKey, members: ReadonlySet<string>): PolicyService['sent'] =>
    [...members]
      // Of a cluster that is not heard nobody can say what it has.
      .filter((cluster) => desk.of(service).get(cluster)?.applied === undefined || !directory.isUnheard(cluster))
      .map((cluster) => ({ cluster, epoch: records.epochOf(service, cluster) }))
      .filter(({ epoch }) => epoch > 0);

  /** Nobody exports it: everything is taken back. */
  const end = async (service: ServiceKey, members: ReadonlySet<string>): Promise<Outcome> => {
    const isGone = records.withdraw(service, desk.of(service), (cluster) => members.has(cluster));
    if (isGone) for (const [cluster, { isWithdrawn }] of desk.of(service)) if (isWithdrawn) desk.forget(service, cluster);
    tables.forget(service);
    held.forget(service);
    remember(service, nothingMade);
    return (await writeImport(options, service, undefined, [])) ?? done;
  };
  const compile = (service: ServiceKey, merged: Merged, spec: TrafficPolicySpec, uses: Uses): CompiledService => {
    const { namespace, name } = partsOfService(service);
    const input = { merged, policy: spec, termsOf: termsOf(spec, labelsIn(directory)) };
    const served = servedOf(service, input);
    const planned = withMeasuredUse(served, uses, spec.headroom?.targetPercent ?? trafficDefaults.headroom.targetPercent);
    const lost = (spec.losses ?? []).map(({ clusters }) => clusters);
    const rows = tables.rowsOf(service, planned, lost, spec.demand !== undefined, served);
    const { gateway } = spec;
    const addressed = {
      ...input,
      dns: dnsOf(spec, namespace, name, nameServers(directory)),
      gateway: gateway === undefined ? undefined : `${gateway.namespace ?? namespace}/${gateway.name}`,
    };
    return compileService(addressed, planned, rows, failbackDefault);
  };

  const reconcileService = async (service: ServiceKey): Promise<Outcome> => {
    if (!records.isLoaded()) return { outcome: 'again', afterMs: loadAgainMs };
    const { namespace, name } = partsOfService(service);
    const members = memberNames(directory);
    const exported = exportOf(store, service);
    const gathered = gather({
      exported: exported?.object as unknown as ServiceExport | undefined,
      sentTo: options.sentTo(namespace, name),
      answers: desk.of(service),
      members,
    });
    const policy = policyFor(policiesIn(store, namespace), name, exported?.object.metadata.labels ?? {});
    const absent = awaited.of(service, members);
    if (absent.length > 0) {
      const problem = `the hub has started anew and waits for what ${absent.join(', ')} offers; agents act by what they have`;
      remember(service, { ...(made.get(service) ?? nothingMade), policy: policy?.metadata.name, problem });
      return { outcome: 'again', afterMs: 1_000 };
    }
    if (!gathered.isExported) return end(service, members);
    const merged = mergeExports(gathered.sources);
    const uses = held.of(service);
    const compiled = compile(service, merged, policy?.spec ?? noPolicy, uses);
    const problem = records.send(service, specsFor(members, gathered, merged, compiled));
    remember(service, { policy: policy?.metadata.name, compiled, problem, uses });
    const offered = merged.valid[0]?.report ?? [...gathered.reports.values()][0];
    const late = waitingFor({ answers: desk.of(service), sent: sentOf(service, members) });
    const written = await writeExport(options, exported, exportConditions(offered, merged, problem));
    return written ?? (await writeImport(options, service, compiled, late)) ?? done;
  };

  const reconcilePolicy = async (id: string): Promise<Outcome> => {
    const { namespace, name } = partsOfService(id);
    const stored = store.get(keyOf(hanseGroup, 'trafficpolicies', namespace, name));
    if (stored === undefined) return done;
    const members = memberNames(directory);
    const services = [...made].flatMap(([service, one]): PolicyService[] => {
      const of = partsOfService(service);
      if (of.namespace !== namespace || one.policy !== name) return [];
      const sent = sentOf(service, members);
      return [{ name: of.name, ...one, epoch: Math.max(0, ...sent.map(({ epoch }) => epoch)), answers: desk.of(service), sent }];
    });
    const status = policyStatus(stored.object as unknown as TrafficPolicy, services, env.nowMs());
    if (sameJson(stored.object.status, status)) return done;
    const object = { ...stored.object, status };
    return (await commit(store, [{ op: 'put', key: stored.key, expected: stored.revision, object, by: controlUser }])) ?? done;
  };

  const controller = startController({
    name: 'traffic',
    env,
    workers: 4,
    reconcile: (key) => (key.startsWith('s ') ? reconcileService(key.slice(2)) : reconcilePolicy(key.slice(2))),
  });
  const everything = (): ServiceKey[] => [
    ...new Set([...desk.services(), ...records.services(), ...made.keys(), ...exportedServices(store)]),
  ];
  const addAll = (): void => {
    for (const service of everything()) add(service);
  };
  const servers = new Map<string, string>();
  const stops = [
    bus.onAnswer((item) => {
      const taken = desk.take(item);
      if (taken === undefined) return;
      const { service, isNews } = taken;
      awaited.heard(service, item.cluster);
      held.hear(service, item.cluster, desk.of(service).get(item.cluster)?.report?.use);
      if (records.overtaken(service, item.cluster, item.seq) || isNews) add(service);
    }),
    bus.onDamage(({ cluster, id }) => {
      const [, , namespace = '', name = ''] = id.split('=');
      records.damaged(serviceKey(namespace, name), cluster);
      add(serviceKey(namespace, name));
    }),
    bus.onHello((cluster, addresses) => {
      if ((servers.get(cluster) ?? '') === addresses.join()) return;
      servers.set(cluster, addresses.join());
      for (const [service, { compiled }] of made) if (compiled?.dns !== undefined) add(service);
    }),
  ];
  bus.published().then(
    (published) => {
      records.load(published);
      addAll();
    },
    (error: unknown) => env.log.error('the records of traffic at the broker could not be read; none is sent', { error }),
  );

  return {
    onChange: ({ key }) => {
      const { namespace, name } = partsOf(key);
      if (key.startsWith(exportPrefix) || key.startsWith(importPrefix)) add(serviceKey(namespace, name));
      if (!key.startsWith(trafficPolicyPrefix)) return;
      addPolicy(serviceKey(namespace, name));
      for (const service of everything()) if (partsOfService(service).namespace === namespace) add(service);
    },
    onService: (namespace, name) => {
      const service = serviceKey(namespace, name);
      if (made.has(service) || exportOf(store, service) !== undefined) add(service);
    },
    onCluster: addAll,
    pending: controller.pending,
    stop: async () => {
      for (const stop of stops) stop();
      tables.stop();
      held.stop();
      await controller.stop();
    },
  };
};

type Merged = ReturnType<typeof mergeExports>;

/** What each member is sent: the same for all, but for whether it is wanted there and what became of its own export. */
const specsFor = (
  members: ReadonlySet<string>,
  gathered: ReturnType<typeof gather>,
  merged: Merged,
  compiled: CompiledService,
): Map<string, TrafficSpec> => {
  const { shortfalls: _s, cuts: _c, ...common } = compiled;
  return new Map(
    [...members].map((cluster): [string, TrafficSpec] => {
      const report = gathered.reports.get(cluster);
      const conditions = report?.export === undefined ? [] : exportConditions(report, merged, undefined);
      return [cluster, { ...common, wanted: gathered.wanted.has(cluster), conditions }];
    }),
  );
};

const policiesIn = (store: Store, namespace: string): TrafficPolicy[] =>
  store.list(`${trafficPolicyPrefix}${namespace}/`).map(({ object }) => object as unknown as TrafficPolicy);

const exportedServices = (store: Store): ServiceKey[] =>
  store.list(exportPrefix).map(({ key }) => {
    const { namespace, name } = partsOf(key);
    return serviceKey(namespace, name);
  });

/** Prefixes of the kinds that the loop listens to. */
export const trafficPrefixes: readonly string[] = [exportPrefix, importPrefix, trafficPolicyPrefix];
