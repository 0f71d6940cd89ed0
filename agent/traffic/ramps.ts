/** @module The ways back of all clusters and services of one agent: who is away, who returns, and how far. */
import { type RampHealth, type RampState, rampHome, rampPercent, rampStep, rampWait } from '../../shared/traffic/index.ts';
import type { TrafficApplied, TrafficSpec } from '../../shared/wire/index.ts';

/** What is known of a cluster at a moment. */
export type ClusterSight = { readonly isGone: boolean; readonly health: RampHealth };

/** Kept over a restart: all that are not home. */
export type KeptRamps = readonly ({ readonly service: string; readonly cluster: string } & Pick<RampState, 'setbacks' | 'isSpent'> & {
    readonly phase: 'Away' | 'HoldDown' | 'Waiting';
  })[];

/** The ramps. */
export type Ramps = {
  /** Brings all to this moment; the services whose shares changed. */
  readonly step: (
    nowMs: number,
    services: Iterable<readonly [service: string, spec: TrafficSpec]>,
    sightOf: (cluster: string) => ClusterSight,
  ) => ReadonlySet<string>;
  /** Percent of their shares that sources get; those with all are left out. */
  readonly percentOf: (service: string) => ReadonlyMap<string, number>;
  /** Who gets less than all, and why; of those that offer nothing only the dead. */
  readonly told: (service: string, spec: Pick<TrafficSpec, 'failback' | 'sources'>) => TrafficApplied['away'];
  readonly forget: (service: string) => void;
  /** True while something is not home. */
  readonly isMoving: () => boolean;
  readonly kept: () => KeptRamps;
  /** What a run before this one left on its way is held down from now on: whether it is well has to be seen anew. Who waited waits on. */
  readonly restore: (kept: KeptRamps, nowMs: number) => void;
};

/** After a restart nothing returns before verdicts can have been heard again. */
const relearnMs = 5_000;

const words: Readonly<Record<RampState['phase'], string>> = {
  Away: 'dead',
  HoldDown: 'held down after its return',
  Waiting: 'waits for an operator',
  Ramping: 'returning',
  Home: 'well',
};

/** No ramps: everybody is home. */
export const createRamps = (): Ramps => {
  const states = new Map<string, Map<string, RampState>>();
  const percents = new Map<string, ReadonlyMap<string, number>>();

  const refresh = (service: string, spec: TrafficSpec): void => {
    const of = states.get(service);
    if (of === undefined || of.size === 0) {
      states.delete(service);
      percents.delete(service);
      return;
    }
    percents.set(service, new Map([...of].map(([cluster, state]) => [cluster, rampPercent(spec.failback, state)])));
  };
  const stepService = (nowMs: number, service: string, spec: TrafficSpec, sightOf: (cluster: string) => ClusterSight): boolean => {
    let isChanged = false;
    // Who offers nothing now, as after a drain, goes on with a way back that is under way, with nothing to be asked for.
    const offered = new Map(spec.sources.map((source) => [source.name, source]));
    for (const name of new Set([...offered.keys(), ...(states.get(service)?.keys() ?? [])])) {
      const { load, capacity } = offered.get(name) ?? { load: 0, capacity: 0 };
      const state = states.get(service)?.get(name);
      const { isGone, health } = sightOf(name);
      if (state === undefined && !isGone) continue;
      const next = rampStep(spec.failback, state ?? rampHome(nowMs), {
        nowMs,
        isAlive: !isGone,
        health,
        // In whole numbers: what it would be asked for against what it can serve.
        fits: (percent) => load * percent <= capacity * 100,
        isReleased: spec.failback.released.includes(name),
      });
      if (next === state) continue;
      isChanged ||=
        next.phase !== state?.phase || next.step !== state.step || next.setbacks !== state.setbacks || next.isSpent !== state.isSpent;
      const of = states.get(service) ?? new Map<string, RampState>();
      states.set(service, of);
      if (next.phase === 'Home') of.delete(name);
      else of.set(name, next);
    }
    if (isChanged) refresh(service, spec);
    return isChanged;
  };
  return {
    step: (nowMs, services, sightOf) => {
      const changed = new Set<string>();
      for (const [service, spec] of services) if (stepService(nowMs, service, spec, sightOf)) changed.add(service);
      return changed;
    },
    percentOf: (service) => percents.get(service) ?? new Map(),
    told: (service, { failback, sources }) =>
      [...(states.get(service) ?? [])].flatMap(([cluster, state]) => {
        if (state.phase !== 'Away' && !sources.some(({ name }) => name === cluster)) return [];
        const waits = rampWait(failback, state);
        const why = waits === 'Setbacks' ? 'waits after too many setbacks' : words[state.phase];
        const percent = percents.get(service)?.get(cluster) ?? 0;
        return [{ cluster, why, percent, ...(waits === undefined ? {} : { waits, ...(state.isSpent ? { isSpent: true } : {}) }) }];
      }),
    forget: (service) => {
      states.delete(service);
      percents.delete(service);
    },
    isMoving: () => states.size > 0,
    kept: () =>
      [...states].flatMap(([service, of]) =>
        [...of].map(([cluster, { phase, setbacks, isSpent }]) => ({
          service,
          cluster,
          phase: phase === 'Away' || phase === 'Waiting' ? phase : 'HoldDown',
          setbacks,
          isSpent,
        })),
      ),
    restore: (kept, nowMs) => {
      for (const { service, cluster, ...left } of kept) {
        const of = states.get(service) ?? new Map<string, RampState>();
        states.set(service, of);
        of.set(cluster, { ...left, sinceMs: nowMs + relearnMs, step: 0 });
        percents.set(service, new Map([...of.keys()].map((name) => [name, 0])));
      }
    },
  };
};
