/**
 * @module What of the member's traffic objects must be written again, and the passes that write it: endpoints first, weights of routes second,
 * names last.
 */
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { timeText } from '../../shared/lib/time-text.ts';
import type { ImportWeights } from '../../shared/traffic/index.ts';
import type { TrafficRecord } from '../../shared/wire/index.ts';
import type { RecordBook } from './book.ts';
import { exportStatusWrite, type PlanView, planService } from './desired.ts';
import type { MemberView } from './member/index.ts';
import type { Names } from './names.ts';
import { importWeights, routeWrites } from './route-writes.ts';
import type { Standing } from './standing.ts';
import type { TrafficWriter } from './writer.ts';

/** What passes are made from, and whom they tell. */
export type PassesOptions = {
  readonly cluster: string;
  readonly env: RuntimeEnv;
  readonly view: MemberView;
  readonly writer: TrafficWriter;
  readonly book: RecordBook;
  readonly standing: Standing;
  /** The name server; undefined = none runs here. */
  readonly names: Names | undefined;
  /** Something that the hub is told of a service may have changed. */
  readonly onPass: (service: string) => void;
  /** Whoever writes whole routes is told their weights before a pass writes them. */
  readonly onWeights: (weights: ImportWeights) => void;
};

/** Besides services: weights of routes, and what the name server answers. */
export type Touched = { readonly routes?: boolean; readonly names?: boolean };

/** Passes over what was touched; those of one turn are one. */
export type Passes = {
  readonly touch: (services: Iterable<string>, also?: Touched) => void;
  readonly touchAll: () => void;
  /** Passes begin: what was kept is loaded. */
  readonly open: () => void;
  /** Epoch of the record that is written whole. */
  readonly appliedEpoch: (service: string) => number | undefined;
  /** What the member lacks for a service, or refuses. */
  readonly lacksOf: (service: string) => readonly string[];
  readonly stop: () => void;
};

/** Passes that wait until they are opened. */
export const createPasses = (options: PassesOptions): Passes => {
  const { cluster, env, view, writer, book, standing, names, onPass, onWeights } = options;
  const { records } = book;
  const applied = new Map<string, number>();
  const lacks = new Map<string, readonly string[]>();
  const dirty = new Set<string>();
  let areRoutesDirty = false;
  let areNamesDirty = false;
  let isScheduled = false;
  let isOpen = false;
  let isStopped = false;
  /** The member without what is on its way out: whoever wants that again has it written again. */
  const staying: PlanView = {
    own: (resource, key) => (writer.isLeaving(resource, key) ? undefined : view.own(resource, key)),
    ownOf: view.ownOf,
    versionOf: view.versionOf,
  };

  const schedule = (): void => {
    if (isScheduled || isStopped) return;
    isScheduled = true;
    queueMicrotask(() => {
      isScheduled = false;
      if (!isStopped && isOpen) pass();
    });
  };
  const pass = (): void => {
    const weights = areRoutesDirty ? importWeights([...records.values()].map(standing.nowOf)) : undefined;
    if (weights !== undefined) onWeights(weights);
    if (view.isSynced()) {
      const services = [...dirty];
      dirty.clear();
      // All endpoints before all routes: so it goes also when a hundred services move at once.
      for (const service of services) passService(service);
      if (weights !== undefined) for (const [key, write] of routeWrites(view, weights)) void writer.put(key, write);
      areRoutesDirty = false;
      if (services.length > 0) names?.soon();
    }
    // Names need nothing of the member: they move although its API server is dead.
    if (areNamesDirty) names?.now();
    areNamesDirty = false;
  };
  const passService = (service: string): void => {
    const record = records.get(service);
    if (record !== undefined || book.isOver(service)) write(service, record);
    onPass(service);
  };
  const write = (service: string, record: TrafficRecord | undefined): void => {
    const nowText = timeText(env.nowMs());
    const isRefused = writer.lacksOf(service).length > 0;
    const plan = planService(service, record && standing.nowOf(record), { cluster, view: staying, nowText, isRefused });
    lacks.set(service, plan.lacks);
    const version = view.versionOf('serviceexports');
    const own = view.exports().get(service);
    const isHeld = record !== undefined && own !== undefined && version !== undefined;
    const status = isHeld ? exportStatusWrite(record, own.conditions, version, nowText) : undefined;
    const writes = [...plan.writes, ...(status === undefined ? [] : [status])].map((one) => writer.put(service, one));
    void Promise.all(writes).then((isDone) => {
      // Where a later pass took over, that one has the last word.
      if (isDone.includes(false)) return;
      if (!plan.hasMore) settle(service, record);
      // A write was refused on which others waited.
      else if (writer.lacksOf(service).length > 0) touch([service]);
    });
  };
  /** Everything that a pass wrote is written. */
  const settle = (service: string, record: TrafficRecord | undefined): void => {
    if (isStopped || records.get(service)?.epoch !== record?.epoch) return;
    if (record !== undefined) applied.set(service, record.epoch);
    else if (view.ownOf(service).length === 0) {
      standing.forget(service);
      applied.delete(service);
      lacks.delete(service);
      book.close(service);
    }
    onPass(service);
  };
  const touch = (services: Iterable<string>, { routes = false, names: also = false }: Touched = {}): void => {
    for (const service of services) dirty.add(service);
    areRoutesDirty ||= routes;
    areNamesDirty ||= also;
    schedule();
  };

  return {
    touch,
    touchAll: () =>
      touch([...records.keys(), ...book.withdrawn.keys(), ...view.exports().keys(), ...view.owners()], { routes: true, names: true }),
    open: () => {
      isOpen = true;
      schedule();
    },
    appliedEpoch: (service) => applied.get(service),
    lacksOf: (service) => [...(lacks.get(service) ?? []), ...writer.lacksOf(service)],
    stop: () => {
      isStopped = true;
    },
  };
};
