/**
 * @module What pods are measured to use, as tables are made by it: taken anew only when it moved by a step and the last time is a while ago, so
 * that weights do not chase noise; what is old is unknown, at once.
 */
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { useLimits } from '../../../shared/traffic/index.ts';
import type { MeasuredUse } from '../../../shared/wire/index.ts';
import type { ServiceKey } from './answers.ts';

/** Per mille of the CPU that the service's ready pods request, by cluster; a cluster that is absent is unknown. */
export type Uses = ReadonlyMap<string, number>;

/** The uses that hold. */
export type HeldUses = {
  /** A cluster told its use of a service; undefined = it knows none. */
  readonly hear: (service: ServiceKey, cluster: string, use: MeasuredUse | undefined) => void;
  /** What holds now; what is due is taken with it. */
  readonly of: (service: ServiceKey) => Uses;
  readonly forget: (service: ServiceKey) => void;
  readonly stop: () => void;
};

/** Tables of a service are made anew so often at most for a change of use. */
export const usesChangeMs = 30_000;
/** How often it is looked for what became old, or due. */
const lookEveryMs = 5_000;

type Told = { readonly perMille: number; readonly asOfMs: number };
type Entry = { readonly told: Map<string, Told>; held: Uses; changedMs: number };

const unknown: Uses = new Map();

const isSame = (a: Uses, b: Uses): boolean => a.size === b.size && [...a].every(([cluster, use]) => b.get(cluster) === use);

/** Nothing is known. `onDue`: what {@link HeldUses.of} answers of the service would differ from the last time. */
export const createHeldUses = (
  env: Pick<RuntimeEnv, 'nowMs' | 'monotonicMs' | 'setTimer'>,
  onDue: (service: ServiceKey) => void,
): HeldUses => {
  const entries = new Map<ServiceKey, Entry>();
  let cancel: (() => void) | undefined;

  const isOld = ({ asOfMs }: Told): boolean => env.nowMs() - asOfMs > useLimits.ageMaxMs;
  const next = ({ told, held, changedMs }: Entry): Uses => {
    const fresh = [...told].filter(([, use]) => !isOld(use));
    const known = new Map(fresh.flatMap(([cluster]) => (held.has(cluster) ? [[cluster, held.get(cluster) ?? 0]] : [])));
    if (env.monotonicMs() - changedMs < usesChangeMs) return known;
    return new Map(
      fresh.map(([cluster, { perMille }]) => {
        const before = known.get(cluster);
        return [cluster, before !== undefined && Math.abs(perMille - before) < useLimits.stepPerMille ? before : perMille];
      }),
    );
  };
  const isDue = (entry: Entry): boolean => !isSame(next(entry), entry.held);
  const look = (): void => {
    cancel = undefined;
    for (const [service, entry] of entries) {
      for (const [cluster, use] of entry.told) if (isOld(use)) entry.told.delete(cluster);
      if (isDue(entry)) onDue(service);
      else if (entry.told.size === 0 && entry.held.size === 0) entries.delete(service);
    }
    arm();
  };
  const arm = (): void => {
    if (entries.size > 0) cancel ??= env.setTimer(lookEveryMs, look);
  };

  return {
    hear: (service, cluster, use) => {
      const entry = entries.get(service) ?? { told: new Map(), held: unknown, changedMs: Number.NEGATIVE_INFINITY };
      if (use === undefined && !entry.told.delete(cluster)) return;
      // A clock that is ahead makes nothing young: it counts from when it was heard.
      if (use !== undefined) entry.told.set(cluster, { perMille: use.cpuPerMille, asOfMs: Math.min(use.atMs, env.nowMs()) });
      entries.set(service, entry);
      if (isDue(entry)) onDue(service);
      arm();
    },
    of: (service) => {
      const entry = entries.get(service);
      if (entry === undefined) return unknown;
      const found = next(entry);
      // To become unknown is no change of use: the next one need not wait for it.
      if ([...found].some(([cluster, use]) => entry.held.get(cluster) !== use)) entry.changedMs = env.monotonicMs();
      if (!isSame(found, entry.held)) entry.held = found;
      return entry.held;
    },
    forget: (service) => void entries.delete(service),
    stop: () => cancel?.(),
  };
};
