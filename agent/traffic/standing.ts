/** @module Where every cluster stands for the requests from here: dead, unreachable, or on its way back; what is not home is kept for a restart. */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { sharesNow } from '../../shared/traffic/index.ts';
import { makeKeyedQueue, type TrafficRecord } from '../../shared/wire/index.ts';
import { failureOf, isPassing } from '../cluster/index.ts';
import { type Away, createAway, type TrafficWatch } from './away.ts';
import { keyOfService, type RecordBook } from './book.ts';
import type { ServiceNow } from './desired.ts';
import { createRamps, type Ramps } from './ramps.ts';
import { type KeptStanding, loadStanding, saveStanding } from './state-store.ts';

/** Where clusters stand. */
export type Standing = Pick<Ramps, 'told' | 'forget'> & {
  /** As the last look found it. */
  readonly away: () => Away;
  /** Shares of a service as they are now. */
  readonly nowOf: (record: TrafficRecord) => ServiceNow;
  /** Looks again, and steps the ways back; answers the services whose shares may have changed. */
  readonly look: () => Iterable<string>;
  /** Reads what was kept of those that are not home; rejects as the client does. */
  readonly load: () => Promise<void>;
  readonly stop: () => void;
};

const nothing: readonly string[] = [];
const nothingKept: KeptStanding = { ramps: [], unreachable: [] };

/** Nobody is away until the first look. */
export const createStanding = (options: {
  readonly client: KubeClient;
  readonly env: RuntimeEnv;
  readonly cluster: string;
  readonly watch: TrafficWatch;
  readonly book: Pick<RecordBook, 'records' | 'sources'>;
}): Standing => {
  const { client, env, book } = options;
  const sight = createAway(options.watch, options.cluster);
  const ramps = createRamps();
  let now: Away = { dead: [], unreachable: [] };
  let nowText = '';
  let keptText = JSON.stringify(nothingKept);

  /** One after the other, so that what is kept in the end is the newest. */
  const memory = makeKeyedQueue<KeptStanding>({
    env,
    inFlightMax: 1,
    keysMax: 1,
    send: async (_, kept) => {
      try {
        await saveStanding(client, kept);
      } catch (error) {
        if (isPassing(failureOf(error))) throw error;
        env.log.debug('where clusters stand cannot be kept for a restart', { error: String(error) });
      }
    },
  });
  const keep = (): void => {
    const kept: KeptStanding = { ramps: ramps.kept(), unreachable: now.unreachable };
    const text = JSON.stringify(kept);
    if (keptText === text) return;
    keptText = text;
    void memory.put('standing', kept);
  };
  const specs = function* () {
    for (const [service, { spec }] of book.records) yield [service, spec] as const;
  };
  const step = (nowMs: number): readonly string[] => {
    const dead = new Set(now.dead);
    if (dead.size === 0 && !ramps.isMoving()) return nothing;
    const moved = ramps.step(nowMs, specs(), (name) => ({ isGone: dead.has(name), health: sight.healthOf(name) }));
    return [...moved];
  };

  return {
    away: () => now,
    told: ramps.told,
    forget: ramps.forget,
    /** Who cannot be reached from here is given up after those who are dead: the floor of survivors holds for both. */
    nowOf: (record) => {
      const percent = ramps.percentOf(keyOfService(record));
      const gone = [...now.dead, ...now.unreachable.filter((name) => !now.dead.includes(name))];
      return { record, local: sharesNow(record.spec, { gone, percent }), global: sharesNow(record.spec, { gone: now.dead, percent }) };
    },
    look: () => {
      const nowMs = env.monotonicMs();
      now = sight.look(book.sources(), nowMs);
      const text = JSON.stringify(now);
      const isNews = nowText !== text;
      nowText = text;
      const moved = step(nowMs);
      if (isNews || moved.length > 0) keep();
      return isNews ? book.records.keys() : moved;
    },
    load: async () => {
      const kept = await loadStanding(client);
      keptText = JSON.stringify(kept);
      ramps.restore(kept.ramps, env.monotonicMs());
      sight.restore(kept.unreachable, env.monotonicMs());
    },
    stop: memory.stop,
  };
};
