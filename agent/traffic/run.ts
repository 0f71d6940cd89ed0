/**
 * @module The agent's part in traffic: keeps the records, tells the hub what the cluster offers, and acts on deaths at once and alone:
 * endpoints first, weights of routes second, names last.
 */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';
import { timeText } from '../../shared/lib/time-text.ts';
import { clusterImports, type DnsZone, routePatch, sharesNow } from '../../shared/traffic/index.ts';
import {
  type ServedApi,
  type ServiceReport,
  type StatusItem,
  type TrafficAnswer,
  type TrafficRecord,
  trafficRef,
} from '../../shared/wire/index.ts';
import { failureOf } from '../cluster/index.ts';
import { type Away, createAway, type TrafficWatch } from './away.ts';
import { createBook, idOfService, keyOfService } from './book.ts';
import { exportStatusWrite, planService, type ServiceNow } from './desired.ts';
import { watchMember } from './member.ts';
import { createNames } from './names.ts';
import { createRamps } from './ramps.ts';
import { reportOf } from './report.ts';
import type { TrafficLink } from './split-link.ts';
import { loadRamps, saveRamps } from './state-store.ts';
import { createTeller } from './teller.ts';
import { createWriter } from './writer.ts';

/** What it is built from. */
export type TrafficOptions = {
  readonly client: KubeClient;
  readonly link: TrafficLink;
  readonly env: RuntimeEnv;
  /** The detector; absent = nothing is ever found dead here. */
  readonly watch?: TrafficWatch;
  /** The name server; absent = none runs here. */
  readonly setZones?: (zones: readonly DnsZone[]) => void;
};

/** A running engine. */
export type TrafficEngine = {
  readonly setServed: (apis: readonly ServedApi[]) => void;
  readonly forbidden: () => readonly string[];
  /** Imported services, clusters that get no requests from here, and writes that wait; for people. */
  readonly summary: () => { readonly services: number; readonly away: readonly string[]; readonly waiting: number };
  readonly stop: () => void;
};

/** How often the own sight of clusters and the ways back are looked at; verdicts are looked at when they come. */
const lookEveryMs = 250;
/** Writes that were refused, and what may have been missed, are tried again. */
const resyncEveryMs = 30_000;
const loadBackoff = { baseMs: 500, maxMs: 15_000 };
/** What a cluster may lack is told up to so many. */
const lacksMax = 32;

const nobody: TrafficWatch = {
  onVerdict: () => () => undefined,
  standing: () => [],
  votesOn: () => [],
  abstains: () => false,
  sightOf: () => undefined,
};

/** Starts; nothing is written before what was kept is loaded and the member was read. */
export const startTraffic = (options: TrafficOptions): TrafficEngine => {
  const { client, link, env } = options;
  const { cluster } = link;
  const watch = options.watch ?? nobody;
  const away = createAway(watch, cluster);
  const ramps = createRamps();
  const book = createBook(client, cluster, env, link.rememberSeq);
  const { records } = book;
  const applied = new Map<string, number>();
  const lacks = new Map<string, readonly string[]>();
  const dirty = new Set<string>();
  const cancels = new Map<'look' | 'resync' | 'load', () => void>();
  let areRoutesDirty = false;
  let areNamesDirty = false;
  let isScheduled = false;
  let isLoaded = false;
  let stopped = false;
  let now: Away = { dead: [], unreachable: [] };
  let awayText = '';
  let rampsText = '[]';

  const view = watchMember({
    client,
    env,
    onChange: (what, key) => {
      if (what === 'service') dirty.add(key);
      else if (what === 'route') areRoutesDirty = true;
      else touchAll();
      schedule();
    },
  });
  const writer = createWriter({ client, env, onApplied: view.wrote, onDeleted: view.removed });

  const touchAll = (): void => {
    for (const service of [...records.keys(), ...book.withdrawn.keys(), ...view.exports().keys(), ...view.owners()]) dirty.add(service);
    areRoutesDirty = true;
    areNamesDirty = true;
  };
  /** Changes of one turn are one pass. */
  const schedule = (): void => {
    if (isScheduled || stopped) return;
    isScheduled = true;
    queueMicrotask(() => {
      isScheduled = false;
      if (!stopped && isLoaded) pass();
    });
  };
  const pass = (): void => {
    if (view.isSynced()) {
      const services = [...dirty];
      dirty.clear();
      // All endpoints before all routes: so it goes also when a hundred services move at once.
      for (const service of services) passService(service);
      if (areRoutesDirty) passRoutes();
      if (services.length > 0) names?.soon();
    }
    // Names need nothing of the member: they move although its API server is dead.
    if (areNamesDirty) names?.now();
    areNamesDirty = false;
  };

  /** Who cannot be reached from here is given up after those who are dead: the floor of survivors holds for both. */
  const nowOf = (record: TrafficRecord): ServiceNow => {
    const percent = ramps.percentOf(keyOfService(record));
    const gone = [...now.dead, ...now.unreachable.filter((name) => !now.dead.includes(name))];
    return {
      record,
      local: sharesNow(record.spec, { gone, percent }),
      global: sharesNow(record.spec, { gone: now.dead, percent }),
    };
  };
  const passService = (service: string): void => {
    const record = records.get(service);
    if (record !== undefined || book.isOver(service)) {
      const nowText = timeText(env.nowMs());
      const plan = planService(service, record && nowOf(record), {
        cluster,
        view,
        nowText,
        isRefused: writer.lacksOf(service).length > 0,
      });
      lacks.set(service, plan.lacks);
      const version = view.versionOf('serviceexports');
      const own = view.exports().get(service);
      const isHeld = record !== undefined && own !== undefined && version !== undefined;
      const status = isHeld ? exportStatusWrite(record, own.conditions, version, nowText) : undefined;
      const writes = [...plan.writes, ...(status === undefined ? [] : [status])].map((write) => writer.put(service, write));
      void Promise.all(writes).then(() => {
        if (!plan.hasMore) settle(service, record);
        else if (writer.lacksOf(service).length > 0) again(service);
      });
    }
    teller.tell(service);
  };
  /** A write was refused on which others waited. */
  const again = (service: string): void => {
    dirty.add(service);
    schedule();
  };
  /** Everything that a pass wrote is written. */
  const settle = (service: string, record: TrafficRecord | undefined): void => {
    if (stopped || records.get(service)?.epoch !== record?.epoch) return;
    if (record !== undefined) applied.set(service, record.epoch);
    else if (view.ownOf(service).length === 0) {
      ramps.forget(service);
      applied.delete(service);
      lacks.delete(service);
      book.close(service);
    }
    teller.tell(service);
  };

  const passRoutes = (): void => {
    areRoutesDirty = false;
    const routes = (['httproutes', 'grpcroutes'] as const).flatMap((resource) =>
      [...view.routes(resource)].map((route) => ({ resource, route })),
    );
    if (routes.length === 0) return;
    const weights = new Map<string, number>();
    for (const record of records.values()) {
      const imports = clusterImports(record);
      if (imports.size === 0) continue;
      const shares = new Map(nowOf(record).local.map(({ cluster: name, weight }) => [name, weight]));
      for (const [name, source] of imports) weights.set(`${record.namespace}/${name}`, shares.get(source) ?? 0);
    }
    for (const {
      resource,
      route: [key, backends],
    } of routes) {
      const patch = routePatch(backends, (namespace, name) => weights.get(`${namespace}/${name}`));
      const [namespace = '', name = ''] = key.split('/');
      const address = { group: 'gateway.networking.k8s.io', version: 'v1', resource, namespace, name };
      if (patch.length > 0) void writer.put(key, { do: 'route', address, patch });
    }
  };

  const { setZones } = options;
  const names =
    setZones === undefined
      ? undefined
      : createNames({
          env,
          cluster,
          setZones,
          states: () => [...records.values()].map(nowOf),
          ipsOf: (derived, namespace) => view.own('services', `${namespace}/${derived}`)?.ips ?? [],
        });

  const reportFor = (service: string): ServiceReport | undefined => {
    const own = view.exports().get(service);
    const record = records.get(service);
    if (own === undefined && record?.spec.wanted !== true) return undefined;
    const gateway = record?.spec.gateway;
    return reportOf(own, view.service(service), view.slicesOf(service), gateway === undefined ? undefined : (view.gateway(gateway) ?? []));
  };
  const awayFor = (service: string, { spec }: TrafficRecord): NonNullable<TrafficAnswer['applied']>['away'] => {
    const percents = ramps.told(service);
    const others = now.unreachable.filter(
      (name) => spec.sources.some((source) => source.name === name) && !percents.some((one) => one.cluster === name),
    );
    return [...percents, ...others.map((name) => ({ cluster: name, why: 'not reached from here', percent: 0 }))];
  };
  const answerFor = (service: string, record: TrafficRecord | undefined, report: ServiceReport | undefined): TrafficAnswer => ({
    ...(report === undefined ? {} : { report }),
    ...(record === undefined
      ? {}
      : {
          applied: {
            epoch: applied.get(service) ?? 0,
            away: awayFor(service, record),
            lacks: [...new Set([...(lacks.get(service) ?? []), ...writer.lacksOf(service)])].slice(0, lacksMax),
          },
        }),
  });
  const itemOf = (service: string): StatusItem | undefined => {
    // Half of what the cluster offers would be less than it offers: the others would withdraw it.
    if (!isLoaded || !view.isSettled()) return undefined;
    const [namespace = '', name = ''] = service.split('/');
    const record = records.get(service);
    const report = reportFor(service);
    const isNothing = record === undefined && report === undefined;
    // Nothing of it may be left before it is said to be gone.
    if (isNothing && (view.ownOf(service).length > 0 || !(book.withdrawn.has(service) || teller.hasTold(service)))) return undefined;
    return {
      v: 1,
      cluster,
      id: idOfService(service),
      seq: book.epochOf(service),
      ref: trafficRef(namespace, name),
      phase: isNothing ? 'Withdrawn' : 'Applied',
      status: { ...answerFor(service, record, report) },
      observedAtMs: env.nowMs(),
    };
  };
  const teller = createTeller({
    env,
    itemOf,
    publish: link.publishStatus,
    onGone: (service) => {
      book.forget(service);
      setWanted();
    },
  });

  /** Where clusters stand may have changed: the ways back are stepped, and what is touched by it is written. */
  const look = (): void => {
    const nowMs = env.nowMs();
    now = away.look(book.sources(), nowMs);
    const text = JSON.stringify(now);
    const isNews = awayText !== text;
    awayText = text;
    const dead = new Set(now.dead);
    const specs = function* () {
      for (const [service, { spec }] of records) yield [service, spec] as const;
    };
    const moved =
      dead.size > 0 || ramps.isMoving()
        ? ramps.step(nowMs, specs(), (name) => ({ isGone: dead.has(name), isHealthy: away.isHealthy(name) }))
        : new Set<string>();
    if (moved.size > 0) keepRamps();
    if (!isNews && moved.size === 0) return;
    for (const service of isNews ? records.keys() : moved) dirty.add(service);
    areRoutesDirty = true;
    areNamesDirty = true;
    schedule();
  };
  const keepRamps = (): void => {
    const kept = ramps.kept();
    const text = JSON.stringify(kept);
    if (rampsText === text) return;
    rampsText = text;
    saveRamps(client, kept).catch((error: unknown) =>
      env.log.debug('the ways back could not be kept for a restart', { error: String(error) }),
    );
  };
  const setWanted = (): void =>
    view.setWanted(
      new Set([...records].flatMap(([service, { spec }]) => (spec.wanted ? [service] : []))),
      records.size + book.withdrawn.size > 0,
    );
  const onRecords = (services: readonly string[]): void => {
    setWanted();
    for (const service of services) dirty.add(service);
    areRoutesDirty = true;
    schedule();
  };

  const load = async (attempt: number): Promise<void> => {
    if (stopped) return;
    try {
      const [services, ways] = await Promise.all([book.load(), loadRamps(client)]);
      ramps.restore(ways, env.nowMs());
      onRecords(services);
    } catch (error) {
      const { status, message } = failureOf(error);
      if (status !== 403 && status !== 404) {
        if (attempt === 0) env.log.warn('kept records of traffic cannot be loaded yet', { why: message });
        cancels.set(
          'load',
          env.setTimer(backoffMs(attempt, loadBackoff, env.random), () => void load(attempt + 1)),
        );
        return;
      }
    }
    isLoaded = true;
    look();
    touchAll();
    schedule();
  };
  const every = (name: 'look' | 'resync', ms: number, run: () => void): void => {
    const again = (): void => {
      if (stopped) return;
      run();
      every(name, ms, run);
    };
    cancels.set(name, env.setTimer(ms, again));
  };
  every('look', lookEveryMs, look);
  every('resync', resyncEveryMs, () => {
    writer.forgive();
    touchAll();
    schedule();
  });
  const stops = [
    watch.onVerdict(look),
    link.onWork((event) => {
      if (event.type === 'Item') {
        const service = book.take(event.item);
        if (service !== undefined) onRecords([service]);
      } else if (event.type === 'InitDone') {
        book.setHubIds(event.ids);
        touchAll();
        schedule();
      }
    }),
    link.onWant((what) => {
      if (what.includes('status')) teller.again();
    }),
  ];
  void load(0);

  return {
    setServed: view.setServed,
    forbidden: view.forbidden,
    summary: () => ({
      services: records.size,
      away: [...new Set([...now.dead, ...now.unreachable])].sort(),
      waiting: writer.size(),
    }),
    stop: () => {
      stopped = true;
      for (const cancel of cancels.values()) cancel();
      for (const stop of stops) stop();
      teller.stop();
      names?.stop();
      view.stop();
      writer.stop();
    },
  };
};
