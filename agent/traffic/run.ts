/**
 * @module The agent's part in traffic: keeps the records, tells the hub what the cluster offers, and acts on deaths at once and alone:
 * endpoints first, weights of routes second, names last.
 */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';
import { clusterImports, type DnsZone, routePatch, sharesNow, zonesOf } from '../../shared/traffic/index.ts';
import {
  type ServedApi,
  type ServiceReport,
  type StatusItem,
  serviceOfTrafficId,
  type TrafficRecord,
  trafficIdOf,
  trafficRecordOf,
  trafficRef,
  type WorkItem,
} from '../../shared/wire/index.ts';
import { failureOf } from '../cluster/index.ts';
import { createRecords } from '../work/index.ts';
import { type Away, createAway, type TrafficWatch } from './away.ts';
import { exportStatusWrite, planService, type ServiceNow } from './desired.ts';
import { watchMember } from './member.ts';
import { createRamps } from './ramps.ts';
import { reportOf } from './report.ts';
import type { TrafficLink } from './split-link.ts';
import { loadRamps, saveRamps } from './state-store.ts';
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
  /** Services by how they stand, for people. */
  readonly summary: () => { readonly services: number; readonly away: readonly string[]; readonly waiting: number };
  readonly stop: () => void;
};

/** How often the own sight of clusters and the ways back are looked at. */
const lookEveryMs = 250;
/** Writes that were refused, and what may have been missed, are tried again. */
const resyncEveryMs = 30_000;
/** One service is told to the hub so often at most. */
const tellEveryMs = 200;
const loadBackoff = { baseMs: 500, maxMs: 15_000 };

const nobody: TrafficWatch = {
  onVerdict: () => () => undefined,
  standing: () => [],
  votesOn: () => [],
  abstains: () => false,
  sightOf: () => undefined,
};

const serviceOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string => `${namespace}/${name}`;
const textAt = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Starts; nothing is written before what was kept is loaded and the member was read. */
export const startTraffic = (options: TrafficOptions): TrafficEngine => {
  const { client, link, env } = options;
  const { cluster } = link;
  const watch = options.watch ?? nobody;
  const away = createAway(watch, cluster);
  const ramps = createRamps();
  const kept = createRecords(client, cluster, 'traffic');
  const records = new Map<string, TrafficRecord>();
  /** Records that were taken back, by the number of the message; they end when nothing is left of them. */
  const withdrawn = new Map<string, number>();
  /** Ids that the hub holds, once they have all been read. */
  let hubIds: ReadonlySet<string> | undefined;
  const applied = new Map<string, number>();
  const lacks = new Map<string, readonly string[]>();
  const told = new Map<string, { text: string; atMs: number; item: StatusItem }>();
  const telling = new Map<string, () => void>();
  const dirty = new Set<string>();
  let areRoutesDirty = false;
  let areNamesDirty = false;
  let isScheduled = false;
  let isLoaded = false;
  let stopped = false;
  let now: Away = { dead: [], unreachable: [] };
  let nowText = '';
  let keptText = '[]';
  let serial = 0;
  /** Clusters that serve something here. */
  let sourceNames: ReadonlySet<string> = new Set();
  const cancels = new Map<'look' | 'resync' | 'load', () => void>();

  const view = watchMember({
    client,
    env,
    onChange: (what, key) => {
      if (what === 'service') touch(key);
      else if (what === 'route') areRoutesDirty = true;
      else touchAll();
      schedule();
    },
  });
  const writer = createWriter({
    client,
    env,
    onApplied: (resource, object) => view.wrote(resource, object),
    onDeleted: (resource, key) => view.removed(resource, key),
  });

  const touch = (service: string): void => {
    dirty.add(service);
  };
  const touchAll = (): void => {
    for (const service of [...records.keys(), ...withdrawn.keys(), ...view.exports().keys(), ...view.owners()]) touch(service);
    areRoutesDirty = true;
    areNamesDirty = true;
  };
  /** Changes of one turn are one pass. */
  const schedule = (): void => {
    if (isScheduled || stopped) return;
    isScheduled = true;
    queueMicrotask(() => {
      isScheduled = false;
      if (!stopped) pass();
    });
  };

  const nowOf = (record: TrafficRecord): ServiceNow => {
    const percent = ramps.percentOf(serviceOf(record));
    // Who cannot be reached from here is given up after those who are dead: the floor of survivors holds for both.
    const gone = [...now.dead, ...now.unreachable.filter((name) => !now.dead.includes(name))];
    return {
      record,
      local: sharesNow(record.spec, { gone, percent }),
      global: sharesNow(record.spec, { gone: now.dead, percent }),
    };
  };

  const pass = (): void => {
    if (!isLoaded) return;
    // Names need nothing of the member: they move although its API server is dead.
    if (!view.isSynced()) {
      if (areNamesDirty) passNames();
      return;
    }
    const services = [...dirty];
    dirty.clear();
    // All endpoints before all routes before all names: so it goes also when a hundred services move at once.
    for (const service of services) passService(service);
    if (areRoutesDirty) passRoutes();
    if (areNamesDirty) passNames();
  };
  const isOver = (service: string): boolean => {
    if (withdrawn.has(service)) return true;
    const [namespace = '', name = ''] = service.split('/');
    return !records.has(service) && hubIds !== undefined && !hubIds.has(trafficIdOf(namespace, name));
  };
  const passService = (service: string): void => {
    const record = records.get(service);
    if (record === undefined && !isOver(service)) {
      tell(service);
      return;
    }
    const plan = planService(service, record === undefined ? undefined : nowOf(record), {
      cluster,
      view,
      nowText: textAt(env.nowMs()),
    });
    lacks.set(service, plan.lacks);
    const version = view.versionOf('serviceexports');
    const own = view.exports().get(service);
    const status =
      record === undefined || own === undefined || version === undefined
        ? undefined
        : exportStatusWrite(record, own.conditions, version, textAt(env.nowMs()));
    const writes = [...plan.writes, ...(status === undefined ? [] : [status])].map((write) => writer.put(service, write));
    if (record === undefined) finish(service, writes.length);
    else if (writes.length === 0) settle(service, record.epoch);
    else
      void Promise.all(writes).then(() => {
        if (!stopped && records.get(service)?.epoch === record.epoch) settle(service, record.epoch);
      });
    tell(service);
  };
  const settle = (service: string, epoch: number): void => {
    if (applied.get(service) === epoch) return;
    applied.set(service, epoch);
    tell(service);
  };
  /** A record that was taken back is forgotten when nothing is left of it. */
  const finish = (service: string, writes: number): void => {
    if (writes > 0 || view.ownOf(service).length > 0) return;
    const seq = withdrawn.get(service);
    ramps.forget(service);
    applied.delete(service);
    lacks.delete(service);
    if (seq === undefined) return;
    const [namespace = '', name = ''] = service.split('/');
    // What stays behind is loaded once more, and ends once more.
    void kept.drop(trafficIdOf(namespace, name)).catch(() => undefined);
  };

  const passRoutes = (): void => {
    areRoutesDirty = false;
    const weights = new Map<string, number>();
    for (const record of records.values()) {
      const imports = clusterImports(record);
      if (imports.size === 0) continue;
      const shares = new Map(nowOf(record).local.map(({ cluster: name, weight }) => [name, weight]));
      for (const [name, source] of imports) weights.set(`${record.namespace}/${name}`, shares.get(source) ?? 0);
    }
    for (const resource of ['httproutes', 'grpcroutes'] as const)
      for (const [key, route] of view.routes(resource)) {
        const patch = routePatch(route, (namespace, name) => weights.get(`${namespace}/${name}`));
        if (patch.length === 0) continue;
        const [namespace = '', name = ''] = key.split('/');
        const address = { group: 'gateway.networking.k8s.io', version: 'v1', resource, namespace, name };
        void writer.put(key, { do: 'route', address, patch });
      }
  };

  const passNames = (): void => {
    areNamesDirty = false;
    if (options.setZones === undefined) return;
    // A zone's serial grows with every change; seconds since the epoch keep it above that of an earlier run.
    serial = Math.max(serial + 1, Math.floor(env.nowMs() / 1_000));
    const shared = [...records.values()].map((record) => ({ record, shares: nowOf(record).global }));
    options.setZones(zonesOf(shared, serial));
  };

  const reportFor = (service: string): ServiceReport | undefined => {
    const own = view.exports().get(service);
    const record = records.get(service);
    if (own === undefined && record?.spec.wanted !== true) return undefined;
    const gateway = record?.spec.gateway;
    return reportOf(own, view.service(service), view.slicesOf(service), gateway === undefined ? undefined : (view.gateway(gateway) ?? []));
  };
  const statusItem = (service: string): StatusItem | undefined => {
    const [namespace = '', name = ''] = service.split('/');
    const record = records.get(service);
    const report = view.isSynced() ? reportFor(service) : undefined;
    if (record === undefined && report === undefined) {
      // Nothing of it may be left before it is said to be gone.
      if (view.ownOf(service).length > 0 || !(withdrawn.has(service) || told.has(service))) return undefined;
    }
    const percents = ramps.told(service);
    const unreachable = now.unreachable
      .filter(
        (one) => !percents.some((other) => other.cluster === one) && record?.spec.sources.some((source) => source.name === one) === true,
      )
      .map((one) => ({ cluster: one, why: 'not reached from here', percent: 0 }));
    return {
      v: 1,
      cluster,
      id: trafficIdOf(namespace, name),
      seq: record?.epoch ?? withdrawn.get(service) ?? 0,
      ref: trafficRef(namespace, name),
      phase: record === undefined && report === undefined ? 'Withdrawn' : 'Applied',
      status: {
        ...(report === undefined ? {} : { report }),
        ...(record === undefined
          ? {}
          : {
              applied: {
                epoch: applied.get(service) ?? 0,
                away: [...percents, ...unreachable],
                lacks: [...new Set([...(lacks.get(service) ?? []), ...writer.lacksOf(service)])].slice(0, 32),
              },
            }),
      },
      observedAtMs: env.nowMs(),
    };
  };
  /** Tells the hub, if there is news; the newest goes out when the last was a moment ago. */
  const tell = (service: string): void => {
    if (stopped || telling.has(service) || !isLoaded || !view.isSynced()) return;
    const dueMs = (told.get(service)?.atMs ?? Number.NEGATIVE_INFINITY) + tellEveryMs - env.nowMs();
    if (dueMs <= 0) tellNow(service);
    else
      telling.set(
        service,
        env.setTimer(dueMs, () => {
          telling.delete(service);
          tellNow(service);
        }),
      );
  };
  const tellNow = (service: string): void => {
    const item = statusItem(service);
    if (item === undefined || stopped) return;
    const { observedAtMs: _, ...rest } = item;
    const text = JSON.stringify(rest);
    if (told.get(service)?.text === text) return;
    told.set(service, { text, atMs: env.nowMs(), item });
    link.publishStatus(item);
    if (item.phase === 'Withdrawn') {
      told.delete(service);
      withdrawn.delete(service);
    }
  };

  /** Where clusters stand may have changed: the ways back are stepped, and what is touched by it is written. */
  const look = (): void => {
    const nowMs = env.nowMs();
    now = away.look(sourceNames, nowMs);
    const text = JSON.stringify(now);
    const isNews = text !== nowText;
    nowText = text;
    const dead = new Set(now.dead);
    const gone = [...records].map(([service, { spec }]): readonly [string, TrafficRecord['spec']] => [service, spec]);
    const moved =
      dead.size > 0 || ramps.isMoving()
        ? ramps.step(nowMs, gone, (name) => ({ isGone: dead.has(name), isHealthy: away.isHealthy(name) }))
        : new Set<string>();
    if (moved.size > 0) saveSoon();
    if (!isNews && moved.size === 0) return;
    for (const service of isNews ? records.keys() : moved) touch(service);
    areRoutesDirty = true;
    areNamesDirty = true;
    schedule();
  };
  const saveSoon = (): void => {
    const text = JSON.stringify(ramps.kept());
    if (text === keptText) return;
    keptText = text;
    saveRamps(client, ramps.kept()).catch((error: unknown) =>
      env.log.debug('the ways back could not be kept for a restart', { error: String(error) }),
    );
  };

  const onRecords = (): void => {
    sourceNames = new Set([...records.values()].flatMap(({ spec }) => spec.sources.map(({ name }) => name)));
    setWanted();
  };
  const setWanted = (): void => view.setWanted(new Set([...records].flatMap(([service, { spec }]) => (spec.wanted ? [service] : []))));
  const take = (item: WorkItem, isKept: boolean): void => {
    const of = serviceOfTrafficId(item.id);
    if (of === undefined) return;
    const service = serviceOf(of);
    const known = records.get(service)?.epoch ?? withdrawn.get(service) ?? 0;
    // A broker may say old things again.
    if (item.seq < known) return;
    if (item.op === 'withdraw') {
      records.delete(service);
      withdrawn.set(service, item.seq);
    } else {
      const read = trafficRecordOf(item);
      if (!read.ok) {
        env.log.error('a record of traffic cannot be read and is left out; what was there before stays', {
          id: item.id,
          why: read.message,
        });
        return;
      }
      withdrawn.delete(service);
      records.set(service, read.record);
      if (!isKept) keep(item);
    }
    onRecords();
    touch(service);
    areRoutesDirty = true;
    areNamesDirty = true;
    schedule();
  };
  const keep = (item: WorkItem): void => {
    kept.keep(item).catch((error: unknown) => {
      env.log.warn('a record of traffic could not be kept for a restart', { id: item.id, why: failureOf(error).message });
    });
  };

  const load = async (attempt: number): Promise<void> => {
    if (stopped) return;
    try {
      const [{ items, broken }, ways] = await Promise.all([kept.load(), loadRamps(client)]);
      if (broken.length > 0) env.log.warn('kept records of traffic that cannot be read are left out', { secrets: broken });
      for (const item of items) link.rememberSeq(item.id, item.seq);
      for (const item of items) if (item.op === 'apply') take(item, true);
      ramps.restore(ways, env.nowMs());
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
    cancels.set(
      name,
      env.setTimer(ms, () => {
        if (stopped) return;
        run();
        every(name, ms, run);
      }),
    );
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
      if (event.type === 'Item') take(event.item, false);
      if (event.type !== 'InitDone') return;
      hubIds = new Set(event.ids);
      touchAll();
      schedule();
    }),
    link.onWant((what) => {
      if (!what.includes('status')) return;
      for (const { item } of told.values()) link.publishStatus(item);
    }),
  ];
  void load(0);

  return {
    setServed: view.setServed,
    forbidden: view.forbidden,
    summary: () => ({ services: records.size, away: [...new Set([...now.dead, ...now.unreachable])].sort(), waiting: writer.size() }),
    stop: () => {
      stopped = true;
      for (const cancel of cancels.values()) cancel();
      for (const cancel of telling.values()) cancel();
      for (const stop of stops) stop();
      view.stop();
      writer.stop();
    },
  };
};
