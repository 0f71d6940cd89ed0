/**
 * @module Compiles every exported service for the agents, and tells people what became of it. Keys: `s namespace/name` for a service,
 * `p namespace/name` for the status of a policy.
 */
import {
  mcsApiVersion,
  mcsGroup,
  type ServiceExport,
  type ServiceImport,
  type TrafficPolicy,
  type TrafficPolicySpec,
  trafficDefaults,
} from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { type Change, keyOf, partsOf, prefixOf, type Store, type Stored } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import {
  type CompiledService,
  compileService,
  exportConditions,
  mergeExports,
  servedOf,
  trafficLabel,
  trafficManager,
} from '../../../shared/traffic/index.ts';
import type { TrafficSpec } from '../../../shared/wire/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { done, type Outcome, startController } from '../controller.ts';
import { commit, controlUser, newMetadata, sameJson } from '../objects.ts';
import { createAnswerDesk, partsOfService, type ServiceKey, serviceKey } from './answers.ts';
import { gather } from './gather.ts';
import { dnsOf, policyFor, termsOf, trafficPolicyPrefix } from './policies.ts';
import { createSentRecords } from './records.ts';
import type { TrafficBus } from './split-bus.ts';
import { exportStatus, importSpec, importStatus, type PolicyService, policyStatus, waitingFor } from './status.ts';
import { createLossTables, limitOf } from './tables.ts';

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
/** A hub that starts anew waits so long for what clusters offered before: without it their endpoints would be taken for gone. */
const reportsWaitMs = 60_000;
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
type Made = { readonly policy: string | undefined; readonly compiled: CompiledService | undefined; readonly problem: string | undefined };

/** Starts the loop over a store that is filled. */
export const startTrafficLoop = (options: TrafficLoopOptions): TrafficLoop => {
  const { store, bus, env, directory } = options;
  const startedMs = env.nowMs();
  const desk = createAnswerDesk(env.log);
  const made = new Map<ServiceKey, Made>();
  /** Clusters that offered the service before this start and have not been heard since. */
  const awaited = new Map<ServiceKey, Set<string>>();
  const add = (service: ServiceKey, afterMs = gatherMs): void => controller.addAfter(`s ${service}`, afterMs);
  const addPolicy = (id: string | undefined): void => {
    if (id !== undefined) controller.addAfter(`p ${id}`, statusMs);
  };
  const records = createSentRecords({ bus, env, revision: store.revision, onFailed: add });
  const tables = createLossTables({
    env,
    limits: () =>
      new Map(
        directory.all().flatMap(({ name, object }) => {
          const limit = object === undefined ? undefined : limitOf(object);
          return limit === undefined ? [] : [[name, limit] as const];
        }),
      ),
    onMoved: (service) => add(service, 0),
  });

  const memberNames = (): Set<string> =>
    new Set(
      directory
        .all()
        .filter(
          ({ object }) =>
            object !== undefined &&
            object.metadata.deletionTimestamp === undefined &&
            object.spec?.admission === 'Approved' &&
            object.spec.role !== 'Witness' &&
            object.status?.agent !== undefined,
        )
        .map(({ name }) => name)
        .sort(compareText),
    );
  const nameServers = (): { cluster: string; addresses: readonly string[] }[] =>
    directory
      .all()
      .flatMap(({ name, hello }) => {
        const addresses = hello?.dnsAddresses ?? [];
        return addresses.length === 0 ? [] : [{ cluster: name, addresses }];
      })
      .sort((a, b) => compareText(a.cluster, b.cluster));
  const labelsOf = (cluster: string): Readonly<Record<string, string>> => {
    const record = directory.get(cluster);
    return { ...record?.hello?.labels, ...record?.object?.metadata.labels };
  };
  const policiesIn = (namespace: string): TrafficPolicy[] =>
    store.list(`${trafficPolicyPrefix}${namespace}/`).map(({ object }) => object as unknown as TrafficPolicy);

  const storedOf = (service: ServiceKey): { exported: Stored | undefined; imported: Stored | undefined } => {
    const { namespace, name } = partsOfService(service);
    return {
      exported: store.get(keyOf(mcsGroup, 'serviceexports', namespace, name)),
      imported: store.get(keyOf(mcsGroup, 'serviceimports', namespace, name)),
    };
  };

  /** Writes the hub's ServiceImport, unless somebody else's has the name or there is no such namespace. */
  const writeImport = async (
    service: ServiceKey,
    compiled: CompiledService | undefined,
    late: readonly string[],
  ): Promise<Outcome | undefined> => {
    const { namespace, name } = partsOfService(service);
    const stored = storedOf(service).imported;
    if (stored !== undefined && stored.object.metadata.labels?.[trafficLabel] !== trafficManager) return undefined;
    const key = keyOf(mcsGroup, 'serviceimports', namespace, name);
    const shape = compiled?.import;
    if (compiled === undefined || shape === undefined) {
      if (stored === undefined) return undefined;
      return commit(store, [{ op: 'delete', key, expected: stored.revision, object: stored.object, by: controlUser }]);
    }
    if (store.get(keyOf('', 'namespaces', '', namespace)) === undefined) return undefined;
    const fresh = newMetadata(env, name, namespace);
    const before = stored?.object as unknown as ServiceImport | undefined;
    const metadata = {
      ...(stored?.object.metadata ?? fresh),
      labels: { ...shape.labels, [trafficLabel]: trafficManager },
      annotations: { ...shape.annotations },
    };
    const object = {
      apiVersion: mcsApiVersion,
      kind: 'ServiceImport',
      metadata,
      spec: importSpec(shape),
      status: importStatus(before?.status, compiled, late, env.nowMs()),
    };
    if (stored !== undefined && sameJson(stored.object, object)) return undefined;
    return commit(store, [{ op: 'put', key, expected: stored?.revision ?? 0, object: object as unknown as KubeObject, by: controlUser }]);
  };

  const writeExport = async (stored: Stored | undefined, conditions: ReturnType<typeof exportConditions>): Promise<Outcome | undefined> => {
    if (stored === undefined) return undefined;
    const status = exportStatus(stored.object as unknown as ServiceExport, conditions, env.nowMs());
    if (sameJson(stored.object.status, status)) return undefined;
    return commit(store, [
      { op: 'put', key: stored.key, expected: stored.revision, object: { ...stored.object, status }, by: controlUser },
    ]);
  };

  const remember = (service: ServiceKey, next: Made): void => {
    const before = made.get(service);
    if (next.compiled === undefined && next.problem === undefined && next.policy === undefined) made.delete(service);
    else made.set(service, next);
    const { namespace } = partsOfService(service);
    for (const policy of new Set([before?.policy, next.policy])) if (policy !== undefined) addPolicy(`${namespace}/${policy}`);
  };

  /** Nobody exports it: everything is taken back. */
  const end = async (service: ServiceKey, members: ReadonlySet<string>): Promise<Outcome> => {
    const isGone = records.withdraw(service, desk.of(service), (cluster) => members.has(cluster));
    if (isGone) for (const [cluster, { isWithdrawn }] of desk.of(service)) if (isWithdrawn) desk.forget(service, cluster);
    tables.forget(service);
    remember(service, { policy: undefined, compiled: undefined, problem: undefined });
    return (await writeImport(service, undefined, [])) ?? done;
  };

  const waitsFor = (service: ServiceKey, members: ReadonlySet<string>): string[] =>
    env.nowMs() - startedMs >= reportsWaitMs
      ? []
      : [...(awaited.get(service) ?? [])].filter((cluster) => members.has(cluster)).sort(compareText);

  const reconcileService = async (service: ServiceKey): Promise<Outcome> => {
    if (!records.isLoaded()) return { outcome: 'again', afterMs: loadAgainMs };
    const { namespace, name } = partsOfService(service);
    const members = memberNames();
    const { exported } = storedOf(service);
    const gathered = gather({
      exported: exported?.object as unknown as ServiceExport | undefined,
      sentTo: options.sentTo(namespace, name),
      answers: desk.of(service),
      members,
    });
    const absent = waitsFor(service, members);
    const policy = policyFor(policiesIn(namespace), name, exported?.object.metadata.labels ?? {});
    if (absent.length > 0) {
      const problem = `the hub has started anew and waits for what ${absent.join(', ')} offers; agents act by what they have`;
      remember(service, { policy: policy?.metadata.name, compiled: made.get(service)?.compiled, problem });
      return { outcome: 'again', afterMs: 1_000 };
    }
    if (!gathered.isExported) return end(service, members);
    const spec = policy?.spec ?? noPolicy;
    const merged = mergeExports(gathered.sources);
    const input = { merged, policy: spec, termsOf: termsOf(spec, labelsOf) };
    const served = servedOf(service, input);
    const rows = tables.rowsOf(
      service,
      served,
      (spec.losses ?? []).map(({ clusters }) => clusters),
      spec.demand !== undefined,
    );
    const { gateway } = spec;
    const compiled = compileService(
      {
        ...input,
        dns: dnsOf(spec, namespace, name, nameServers()),
        gateway: gateway === undefined ? undefined : `${gateway.namespace ?? namespace}/${gateway.name}`,
      },
      served,
      rows,
      failbackDefault,
    );
    const { shortfalls: _s, cuts: _c, ...common } = compiled;
    const specs = new Map(
      [...members].map((cluster): [string, TrafficSpec] => {
        const report = gathered.reports.get(cluster);
        const own = report?.export === undefined ? [] : exportConditions(report, merged, undefined);
        return [cluster, { ...common, wanted: gathered.wanted.has(cluster), conditions: own }];
      }),
    );
    const problem = records.send(service, specs);
    remember(service, { policy: policy?.metadata.name, compiled, problem });
    const offered = merged.valid[0]?.report ?? [...gathered.reports.values()][0];
    const late = waitingFor({ answers: desk.of(service), sent: sentOf(service, members) });
    return (
      (await writeExport(exported, exportConditions(offered, merged, problem))) ?? (await writeImport(service, compiled, late)) ?? done
    );
  };

  const sentOf = (service: ServiceKey, members: ReadonlySet<string>): PolicyService['sent'] =>
    [...members]
      // Of a cluster that is not heard nobody can say what it has.
      .filter((cluster) => desk.of(service).get(cluster)?.applied === undefined || !directory.isUnheard(cluster))
      .map((cluster) => ({ cluster, epoch: records.epochOf(service, cluster) }))
      .filter(({ epoch }) => epoch > 0);

  const reconcilePolicy = async (id: string): Promise<Outcome> => {
    const { namespace, name } = partsOfService(id);
    const stored = store.get(keyOf('hanse.dev', 'trafficpolicies', namespace, name));
    if (stored === undefined) return done;
    const members = memberNames();
    const services = [...made].flatMap(([service, one]): PolicyService[] => {
      const of = partsOfService(service);
      if (of.namespace !== namespace || one.policy !== name) return [];
      const sent = sentOf(service, members);
      const answers = desk.of(service);
      return [{ name: of.name, ...one, epoch: Math.max(0, ...sent.map(({ epoch }) => epoch)), answers, sent }];
    });
    const status = policyStatus(stored.object as unknown as TrafficPolicy, services, env.nowMs());
    if (sameJson(stored.object.status, status)) return done;
    return (
      (await commit(store, [
        { op: 'put', key: stored.key, expected: stored.revision, object: { ...stored.object, status }, by: controlUser },
      ])) ?? done
    );
  };

  const controller = startController({
    name: 'traffic',
    env,
    workers: 4,
    reconcile: (key) => (key.startsWith('s ') ? reconcileService(key.slice(2)) : reconcilePolicy(key.slice(2))),
  });

  const everything = (): ServiceKey[] => [...new Set([...desk.services(), ...records.services(), ...made.keys(), ...exportedNow()])];
  const exportedNow = (): ServiceKey[] =>
    store.list(exportPrefix).map(({ key }) => {
      const { namespace, name } = partsOf(key);
      return serviceKey(namespace, name);
    });

  for (const { key, object } of store.list(importPrefix)) {
    const { namespace, name } = partsOf(key);
    if (object.metadata.labels?.[trafficLabel] !== trafficManager) continue;
    const clusters = (object as unknown as ServiceImport).status?.clusters ?? [];
    awaited.set(serviceKey(namespace, name), new Set(clusters.map(({ cluster }) => cluster)));
  }
  const stops = [
    bus.onAnswer((item) => {
      const service = desk.take(item);
      if (service === undefined) return;
      awaited.get(service)?.delete(item.cluster);
      add(service);
    }),
    bus.onDamage(({ cluster, id }) => {
      const [, , namespace = '', name = ''] = id.split('=');
      records.damaged(serviceKey(namespace, name), cluster);
      add(serviceKey(namespace, name));
    }),
  ];
  const servers = new Map<string, string>();
  stops.push(
    bus.onHello((cluster, addresses) => {
      if ((servers.get(cluster) ?? '') === addresses.join()) return;
      servers.set(cluster, addresses.join());
      for (const [service, { compiled }] of made) if (compiled?.dns !== undefined) add(service);
    }),
  );
  bus.published().then(
    (published) => {
      records.load(published);
      for (const service of everything()) add(service);
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
      if (made.has(serviceKey(namespace, name)) || store.get(keyOf(mcsGroup, 'serviceexports', namespace, name)) !== undefined)
        add(serviceKey(namespace, name));
    },
    onCluster: () => {
      for (const service of everything()) add(service);
    },
    pending: controller.pending,
    stop: async () => {
      for (const stop of stops) stop();
      tables.stop();
      await controller.stop();
    },
  };
};

/** Prefixes of the kinds that the loop listens to. */
export const trafficPrefixes: readonly string[] = [exportPrefix, importPrefix, trafficPolicyPrefix];
