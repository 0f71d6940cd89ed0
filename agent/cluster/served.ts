/** @module What the member serves, kept fresh: asked at start, now and then, and when a kind is missing. */
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';
import type { ServedApi } from '../../shared/wire/index.ts';
import { failureOf } from './api-error.ts';
import { discover, kubernetesVersion, openApiHash } from './discovery.ts';
import type { MemberApi } from './http-client.ts';

/** The newest knowledge. */
export type Served = {
  readonly kubernetesVersion: string;
  readonly apis: readonly ServedApi[];
  /** Group versions whose own server does not answer; their kinds are those known before. */
  readonly stale: readonly string[];
  readonly openApiHash: string | undefined;
};

/** A running look-out. */
export type ServedWatch = {
  readonly current: () => Served | undefined;
  /** Looks again soon; many calls make one look. */
  readonly refresh: () => void;
  readonly stop: () => void;
};

const REFRESH_MS = 60_000;
/** Looks on request are at least so far apart. */
const REQUESTED_MS = 2_000;
const retryBackoff = { baseMs: 500, maxMs: 30_000 };

/** Starts; `onChange` is called with the first knowledge and whenever it differs. */
export const watchServed = (
  api: Pick<MemberApi, 'raw'>,
  env: Pick<RuntimeEnv, 'nowMs' | 'random' | 'setTimer' | 'log'>,
  onChange: (served: Served) => void,
): ServedWatch => {
  let current: Served | undefined;
  let failures = 0;
  let looking = false;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let dueMs = Number.POSITIVE_INFINITY;
  let cancelTimer = (): void => undefined;

  const schedule = (delayMs: number): void => {
    const atMs = env.nowMs() + delayMs;
    if (stopped || looking || atMs >= dueMs) return;
    cancelTimer();
    dueMs = atMs;
    cancelTimer = env.setTimer(delayMs, () => void look());
  };

  const look = async (): Promise<void> => {
    dueMs = Number.POSITIVE_INFINITY;
    looking = true;
    lookedMs = env.nowMs();
    let nextMs = REFRESH_MS;
    try {
      const next = await read(api, current);
      failures = 0;
      if (!stopped && JSON.stringify(next) !== JSON.stringify(current)) {
        current = next;
        onChange(next);
      }
    } catch (error) {
      if (failures === 0) env.log.warn('the cluster does not say what it serves', { why: failureOf(error).message });
      nextMs = backoffMs(failures, retryBackoff, env.random);
      failures += 1;
    }
    looking = false;
    schedule(nextMs);
  };
  void look();

  return {
    current: () => current,
    refresh: () => schedule(Math.max(0, lookedMs + REQUESTED_MS - env.nowMs())),
    stop: () => {
      stopped = true;
      cancelTimer();
    },
  };
};

const read = async (api: Pick<MemberApi, 'raw'>, before: Served | undefined): Promise<Served> => {
  const found = await discover(api);
  const stale = new Set(found.stale);
  const kept = (before?.apis ?? []).filter((known) => stale.has(known.groupVersion) && !found.apis.some((api_) => isSame(api_, known)));
  return {
    kubernetesVersion: await kubernetesVersion(api),
    apis: [...found.apis, ...kept].sort((a, b) => compare(`${a.groupVersion} ${a.resource}`, `${b.groupVersion} ${b.resource}`)),
    stale: found.stale,
    // Not every server has it, and nobody waits for it.
    openApiHash: await openApiHash(api).catch(() => before?.openApiHash),
  };
};

const isSame = (a: ServedApi, b: ServedApi): boolean => a.groupVersion === b.groupVersion && a.resource === b.resource;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
