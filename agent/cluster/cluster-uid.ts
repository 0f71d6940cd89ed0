/** @module Which cluster this is, whatever it is called: the UID of its namespace kube-system (KEP-2149). */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';
import { failureOf } from './api-error.ts';

/** A running look-out. */
export type ClusterUidWatch = {
  /** Undefined = not known. */
  readonly current: () => string | undefined;
  /** The verb the agent lacks, if it does. */
  readonly forbidden: () => readonly string[];
  /** Reads it again: the API server was away, and another may answer now. */
  readonly refresh: () => void;
  /** Resolves when the first reading has ended, with an answer or without. */
  readonly asked: Promise<void>;
  readonly stop: () => void;
};

const address = { group: '', version: 'v1', resource: 'namespaces', name: 'kube-system' } as const;
const retryBackoff = { baseMs: 1_000, maxMs: 60_000 };

/** Starts; `onChange` is told when the UID becomes known or another, and when the right to read it comes or goes. */
export const watchClusterUid = (
  client: Pick<KubeClient, 'get'>,
  env: Pick<RuntimeEnv, 'setTimer' | 'random'>,
  onChange: () => void = () => undefined,
): ClusterUidWatch => {
  let uid: string | undefined;
  let isForbidden = false;
  let stopped = false;
  let cancelTimer = (): void => undefined;
  const read = async (attempt: number): Promise<void> => {
    cancelTimer();
    const before = `${uid}/${isForbidden}`;
    let isKnown = false;
    try {
      const found = (await client.get(address))?.metadata.uid;
      isKnown = found !== undefined;
      uid = found ?? uid;
      isForbidden = false;
    } catch (error) {
      isForbidden = failureOf(error).status === 403;
    }
    if (stopped) return;
    // What cannot be read may be granted later.
    if (!isKnown) cancelTimer = env.setTimer(backoffMs(attempt, retryBackoff, env.random), () => void read(attempt + 1));
    if (`${uid}/${isForbidden}` !== before) onChange();
  };
  return {
    current: () => uid,
    forbidden: () => (isForbidden ? ['get namespaces kube-system'] : []),
    refresh: () => void read(0),
    asked: read(0),
    stop: () => {
      stopped = true;
      cancelTimer();
    },
  };
};
