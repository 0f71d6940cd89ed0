/**
 * @module The agent's part in traffic: keeps the records, tells the hub what the cluster offers, and acts on deaths at once and alone:
 * endpoints first, weights of routes second, names last.
 */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';
import type { DnsZone, ImportWeights } from '../../shared/traffic/index.ts';
import type { ServedApi } from '../../shared/wire/index.ts';
import { failureOf } from '../cluster/index.ts';
import type { TrafficWatch } from './away.ts';
import { createBook } from './book.ts';
import { watchMember } from './member/index.ts';
import { createNames } from './names.ts';
import { createPasses } from './passes.ts';
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
  /** Told what imports weigh in routes, before the member is told; first when what was kept is loaded. Absent = nobody else writes routes. */
  readonly onWeights?: (weights: ImportWeights) => void;
  /** Told why what was kept cannot be loaded yet, at each failure. */
  readonly onWeightsLack?: (why: string) => void;
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
  abstains: () => false,
  hasHeard: () => true,
  reachOf: () => 'Unknown',
  votesOn: () => [],
  sightOf: () => undefined,
  membership: () => undefined,
};

/** Starts; nothing is written before what was kept is loaded and the member was read. */
export const startTraffic = (options: TrafficOptions): TrafficEngine => {
  const { client, link, env, setZones, onWeights = () => undefined, onWeightsLack = () => undefined } = options;
  const { cluster } = link;
  const watch = options.watch ?? nobody;
  const book = createBook(client, cluster, env, link.rememberSeq);
  const { records } = book;
  const standing = createStanding({ client, env, cluster, watch, book });
  const view = watchMember({
    client,
    env,
    onChange: (what, key) => {
      if (what === 'service') passes.touch([key]);
      else if (what === 'route') passes.touch([], { routes: true });
      else passes.touchAll();
    },
  });
  const writer = createWriter({ client, env, onApplied: view.wrote, onDeleted: view.removed });
  const ipsOf = (derived: string, namespace: string) => view.own('services', `${namespace}/${derived}`)?.ips ?? [];
  const states = () => [...records.values()].map(standing.nowOf);
  const names = setZones === undefined ? undefined : createNames({ env, cluster, setZones, states, ipsOf });
  const onPass = (service: string): void => teller.tell(service);
  const passes = createPasses({ cluster, env, view, writer, book, standing, names, onPass, onWeights });
  /** Services that the hub asked for. */
  const wantedServices = (): Set<string> => new Set([...records].flatMap(([service, { spec }]) => (spec.wanted ? [service] : [])));
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
  let isLoaded = false;
  const hasTold = (service: string): boolean => teller.hasTold(service);
  const { appliedEpoch, lacksOf } = passes;
  const told = createTold({ cluster, env, view, book, standing, appliedEpoch, lacksOf, useOf: usage.of, hasTold });
  const setWanted = (): void => view.setWanted(wantedServices(), records.size + book.withdrawn.size > 0);
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

  const onRecords = (services: readonly string[]): void => {
    setWanted();
    passes.touch(services, { routes: true });
  };
  /** Where clusters stand may have changed: what is touched by it is written. */
  const look = (): void => {
    // Where clusters stood before is not known yet.
    if (!isLoaded) return;
    const touched = [...standing.look()];
    if (touched.length > 0) passes.touch(touched, { routes: true, names: true });
  };
  const onLoaded = (): void => {
    isLoaded = true;
    look();
    passes.touchAll();
    passes.open();
  };
  const stops = [
    loadKept(env, async () => onRecords((await Promise.all([book.load(), standing.load()]))[0]), onLoaded, onWeightsLack),
    every(env, lookEveryMs, look),
    every(env, resyncEveryMs, () => {
      writer.forgive();
      passes.touchAll();
    }),
    watch.onVerdict(look),
    link.onWork((event) => {
      if (event.type === 'Item') {
        const service = book.take(event.item);
        if (service !== undefined) onRecords([service]);
      } else if (event.type === 'Outdated') teller.again();
      else if (event.type === 'InitDone') {
        book.setHubIds(event.ids);
        passes.touchAll();
      }
    }),
    link.onWant((what) => {
      if (what.includes('status')) teller.again();
    }),
    passes.stop,
    teller.stop,
    usage.stop,
    ...(names === undefined ? [] : [names.stop]),
    view.stop,
    writer.stop,
    standing.stop,
    book.stop,
  ];

  return {
    setServed: (apis) => {
      view.setServed(apis);
      usage.setServed(apis);
    },
    forbidden: view.forbidden,
    summary: () => {
      const { dead, unreachable } = standing.away();
      return { services: records.size, away: [...new Set([...dead, ...unreachable])].sort(), waiting: writer.size() };
    },
    stop: () => {
      for (const stop of stops) stop();
    },
  };
};

/** Runs again and again, so long after each run; the answer ends it. */
const every = (env: RuntimeEnv, ms: number, run: () => void): (() => void) => {
  let cancel = (): void => undefined;
  const wait = (): void => {
    cancel = env.setTimer(ms, () => {
      wait();
      run();
    });
  };
  wait();
  return () => cancel();
};

/** Loads until it succeeds, or the member says that there is nothing to be had; the answer ends it. */
const loadKept = (env: RuntimeEnv, load: () => Promise<void>, onLoaded: () => void, onFailed: (why: string) => void): (() => void) => {
  let cancel = (): void => undefined;
  let isStopped = false;
  const attempt = async (before: number): Promise<void> => {
    try {
      await load();
    } catch (error) {
      const { status, message } = failureOf(error);
      if (status !== 403 && status !== 404) {
        if (before === 0) env.log.warn('kept records of traffic cannot be loaded yet', { why: message });
        if (isStopped) return;
        onFailed(message);
        cancel = env.setTimer(backoffMs(before, loadBackoff, env.random), () => void attempt(before + 1));
        return;
      }
    }
    if (!isStopped) onLoaded();
  };
  void attempt(0);
  return () => {
    isStopped = true;
    cancel();
  };
};
