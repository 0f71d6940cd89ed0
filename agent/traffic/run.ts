/**
 * @module The agent's part in traffic: keeps the records, tells the hub what the cluster offers, and acts on deaths at once and alone:
 * endpoints first, weights of routes second, names last.
 */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';
import { timeText } from '../../shared/lib/time-text.ts';
import type { DnsZone } from '../../shared/traffic/index.ts';
import type { ServedApi, TrafficRecord } from '../../shared/wire/index.ts';
import { failureOf } from '../cluster/index.ts';
import type { TrafficWatch } from './away.ts';
import { createBook } from './book.ts';
import { exportStatusWrite, type PlanView, planService, type ServiceNow } from './desired.ts';
import { watchMember } from './member.ts';
import { createNames } from './names.ts';
import { routeWrites } from './route-writes.ts';
import type { TrafficLink } from './split-link.ts';
import { createStanding } from './standing.ts';
import { createTeller } from './teller.ts';
import { createTold } from './told.ts';
import { measureUsage } from './usage.ts';
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

const nobody: TrafficWatch = {
  onVerdict: () => () => undefined,
  standing: () => [],
  votesOn: () => [],
  abstains: () => false,
  sightOf: () => undefined,
};

/** Starts; nothing is written before what was kept is loaded and the member was read. */
export const startTraffic = (options: TrafficOptions): TrafficEngine => {
  const { client, link, env, setZones } = options;
  const { cluster } = link;
  const watch = options.watch ?? nobody;
  const book = createBook(client, cluster, env, link.rememberSeq);
  const { records } = book;
  const standing = createStanding({ client, env, cluster, watch, book });
  const applied = new Map<string, number>();
  const lacks = new Map<string, readonly string[]>();
  const dirty = new Set<string>();
  const cancels = new Map<'look' | 'resync' | 'load', () => void>();
  let areRoutesDirty = false;
  let areNamesDirty = false;
  let isScheduled = false;
  let isLoaded = false;
  let stopped = false;

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
  /** Services that the hub asked for. */
  const wantedServices = (): Set<string> => new Set([...records].flatMap(([service, { spec }]) => (spec.wanted ? [service] : [])));
  /** The member without what is on its way out: whoever wants that again has it written again. */
  const staying: PlanView = {
    own: (resource, key) => (writer.isLeaving(resource, key) ? undefined : view.own(resource, key)),
    ownOf: view.ownOf,
    versionOf: view.versionOf,
  };
  const states = (): ServiceNow[] => [...records.values()].map(standing.nowOf);
  const names =
    setZones === undefined
      ? undefined
      : createNames({
          env,
          cluster,
          setZones,
          states,
          ipsOf: (derived, namespace) => view.own('services', `${namespace}/${derived}`)?.ips ?? [],
        });

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
      if (areRoutesDirty) for (const [key, write] of routeWrites(view, states())) void writer.put(key, write);
      areRoutesDirty = false;
      if (services.length > 0) names?.soon();
    }
    // Names need nothing of the member: they move although its API server is dead.
    if (areNamesDirty) names?.now();
    areNamesDirty = false;
  };

  const passService = (service: string): void => {
    const record = records.get(service);
    if (record !== undefined || book.isOver(service)) {
      const nowText = timeText(env.nowMs());
      const isRefused = writer.lacksOf(service).length > 0;
      const plan = planService(service, record && standing.nowOf(record), { cluster, view: staying, nowText, isRefused });
      lacks.set(service, plan.lacks);
      const version = view.versionOf('serviceexports');
      const own = view.exports().get(service);
      const isHeld = record !== undefined && own !== undefined && version !== undefined;
      const status = isHeld ? exportStatusWrite(record, own.conditions, version, nowText) : undefined;
      const writes = [...plan.writes, ...(status === undefined ? [] : [status])].map((write) => writer.put(service, write));
      void Promise.all(writes).then((isDone) => {
        // Where a later pass took over, that one has the last word.
        if (isDone.includes(false)) return;
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
      standing.forget(service);
      applied.delete(service);
      lacks.delete(service);
      book.close(service);
    }
    teller.tell(service);
  };

  /** Services that the hub is told of, as far as they select pods. */
  const usage = measureUsage({
    client,
    env,
    services: () =>
      [...wantedServices().union(new Set(view.exports().keys()))].flatMap((service) => {
        const selector = view.service(service)?.selector;
        return selector === undefined ? [] : [{ service, selector }];
      }),
    onChange: (service) => teller.tell(service),
  });
  const told = createTold({
    cluster,
    env,
    view,
    book,
    standing,
    appliedEpoch: (service) => applied.get(service),
    lacksOf: (service) => [...(lacks.get(service) ?? []), ...writer.lacksOf(service)],
    useOf: usage.of,
    hasTold: (service) => teller.hasTold(service),
  });
  const teller = createTeller({
    env,
    // Half of what the cluster offers would be less than it offers: the others would withdraw it.
    itemOf: (service) => (isLoaded && view.isSettled() ? told(service) : undefined),
    publish: link.publishStatus,
    onGone: (service) => {
      book.forget(service);
      setWanted();
    },
  });

  /** Where clusters stand may have changed: what is touched by it is written. */
  const look = (): void => {
    const touched = [...standing.look()];
    if (touched.length === 0) return;
    for (const service of touched) dirty.add(service);
    areRoutesDirty = true;
    areNamesDirty = true;
    schedule();
  };
  const setWanted = (): void => view.setWanted(wantedServices(), records.size + book.withdrawn.size > 0);
  const onRecords = (services: readonly string[]): void => {
    setWanted();
    for (const service of services) dirty.add(service);
    areRoutesDirty = true;
    schedule();
  };

  const load = async (attempt: number): Promise<void> => {
    if (stopped) return;
    try {
      const [services] = await Promise.all([book.load(), standing.load()]);
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
    setServed: (apis) => {
      view.setServed(apis);
      usage.setServed(apis);
    },
    forbidden: view.forbidden,
    summary: () => ({
      services: records.size,
      away: [...new Set([...standing.away().dead, ...standing.away().unreachable])].sort(),
      waiting: writer.size(),
    }),
    stop: () => {
      stopped = true;
      for (const cancel of cancels.values()) cancel();
      for (const stop of stops) stop();
      teller.stop();
      usage.stop();
      names?.stop();
      view.stop();
      writer.stop();
      book.stop();
    },
  };
};
