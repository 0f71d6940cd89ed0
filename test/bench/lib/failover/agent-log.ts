/** @module What an agent says of deaths, from its log: each line bears the time at which it was said. */
import { open } from 'node:fs/promises';
import type { Cause } from '../../../../shared/health/index.ts';
import { makeHistory } from './history.ts';
import type { AbstentionRecord, VerdictRecord } from './words.ts';

/** A log that is read while it grows. */
export type AgentLog = {
  readonly verdictsSince: (sinceMs: number) => readonly VerdictRecord[];
  readonly abstentionsSince: (sinceMs: number) => readonly AbstentionRecord[];
  /** Verdicts that stand, as `target cause`, sorted. */
  readonly standing: () => readonly string[];
  readonly abstains: () => string | undefined;
  /** The agent begins anew: nothing stands. */
  readonly restart: () => void;
  readonly stop: () => Promise<void>;
};

type Line = {
  readonly time: string;
  readonly msg: string;
  readonly target?: string;
  readonly cause?: Cause;
  readonly phase?: VerdictRecord['phase'];
  readonly why?: string;
};

const everyMs = 100;
const recordsMax = 10_000;
const chunkBytes = 65_536;

/** Follows a file of JSON lines, which must exist. */
export const followAgentLog = async (path: string): Promise<AgentLog> => {
  const verdicts = makeHistory<VerdictRecord>(recordsMax, ({ atMs }) => atMs);
  const abstentions = makeHistory<AbstentionRecord>(recordsMax, ({ atMs }) => atMs);
  const standing = new Map<string, string>();
  const file = await open(path, 'r');
  const buffer = Buffer.alloc(chunkBytes);
  const decoder = new TextDecoder();
  let abstaining: string | undefined;
  let rest = '';
  let isStopped = false;

  const take = ({ time, msg, target = '', cause = 'Silent', phase = 'Standing', why }: Line): void => {
    const atMs = Date.parse(time);
    if (msg === 'verdict') {
      verdicts.add({ atMs, target, cause, phase });
      if (phase === 'Cleared') standing.delete(target);
      else standing.set(target, cause);
    } else if (msg === 'this observer abstains' || msg === 'this observer speaks again') {
      abstaining = why;
      abstentions.add({ atMs, ...(why === undefined ? {} : { why }) });
    }
  };
  const read = async (): Promise<void> => {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, chunkBytes);
      if (bytesRead === 0) return;
      const lines = `${rest}${decoder.decode(buffer.subarray(0, bytesRead), { stream: true })}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('{')) take(JSON.parse(line) as Line);
    }
  };
  const follow = async (): Promise<void> => {
    while (!isStopped) {
      await read();
      await new Promise((done) => setTimeout(done, everyMs));
    }
  };
  const following = follow();
  return {
    verdictsSince: verdicts.since,
    abstentionsSince: abstentions.since,
    standing: () => [...standing].map(([target, cause]) => `${target} ${cause}`).sort(),
    abstains: () => abstaining,
    restart: () => {
      standing.clear();
      abstaining = undefined;
    },
    stop: async () => {
      isStopped = true;
      await following;
      await file.close();
    },
  };
};
