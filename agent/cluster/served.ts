/** @module What the member serves, kept fresh: asked at start, now and then, and when a kind is missing. */

import type { KindDocument } from '../../shared/kube/custom/document.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';
import type { ServedApi } from '../../shared/wire/index.ts';
import { discover, kubernetesVersion } from './discovery.ts';
import { troubleText } from './health.ts';
import type { MemberApi } from './http-client.ts';
import { createKindReader, type KindReader } from './kind-reader.ts';

/** The newest knowledge. */
export type Served = {
  readonly kubernetesVersion: string;
  readonly apis: readonly ServedApi[];
  /** Group versions whose own server does not answer; their kinds are those known before. */
  readonly stale: readonly string[];
};

/** A running look-out. */
export type ServedWatch = {
  readonly current: () => Served | undefined;
  /** The kind document of a hash that {@link Served.apis} names; undefined when it is gone. Rejects as the client does. */
  readonly document: (hash: string) => Promise<KindDocument | undefined>;
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
  api: Pick<MemberApi, 'raw' | 'source'>,
  env: Pick<RuntimeEnv, 'monotonicMs' | 'random' | 'setTimer' | 'log'>,
  onChange: (served: Served) => void,
): ServedWatch => {
  const kinds = createKindReader(api, env.log);
  let current: Served | undefined;
  let failures = 0;
  let looking = false;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let dueMs = Number.POSITIVE_INFINITY;
  let cancelTimer = (): void => undefined;

  const schedule = (delayMs: number): void => {
    const atMs = env.monotonicMs() + delayMs;
    if (stopped || looking || atMs >= dueMs) return;
    cancelTimer();
    dueMs = atMs;
    cancelTimer = env.setTimer(delayMs, () => void look());
  };

  const look = async (): Promise<void> => {
    dueMs = Number.POSITIVE_INFINITY;
    looking = true;
    lookedMs = env.monotonicMs();
    let nextMs = REFRESH_MS;
    try {
      const next = await read(api, kinds, current);
      failures = 0;
      if (!stopped && JSON.stringify(next) !== JSON.stringify(current)) {
        current = next;
        onChange(next);
      }
    } catch (error) {
      if (failures === 0) env.log.warn('the cluster does not say what it serves', { why: troubleText(api, error) });
      nextMs = backoffMs(failures, retryBackoff, env.random);
      failures += 1;
    }
    looking = false;
    schedule(nextMs);
  };
  void look();

  return {
    current: () => current,
    document: kinds.document,
    refresh: () => schedule(Math.max(0, lookedMs + REQUESTED_MS - env.monotonicMs())),
    stop: () => {
      stopped = true;
      cancelTimer();
    },
  };
};

const read = async (api: Pick<MemberApi, 'raw'>, kinds: KindReader, before: Served | undefined): Promise<Served> => {
  const found = await discover(api);
  const stale = new Set(found.stale);
  const documents = await kinds.hashes(found.custom);
  const told = found.apis.map((served): ServedApi => {
    const document = documents.get(`${served.groupVersion}/${served.resource}`);
    return document === undefined ? served : { ...served, document };
  });
  const kept = (before?.apis ?? []).filter((known) => stale.has(known.groupVersion) && !told.some((served) => isSame(served, known)));
  return {
    kubernetesVersion: await kubernetesVersion(api),
    apis: [...told, ...kept].sort((a, b) => compareText(`${a.groupVersion} ${a.resource}`, `${b.groupVersion} ${b.resource}`)),
    stale: found.stale,
  };
};

const isSame = (a: ServedApi, b: ServedApi): boolean => a.groupVersion === b.groupVersion && a.resource === b.resource;
