/**
 * @module The hub's journal under faults: commits take time, may be answered `unknown` though they were written, and those under way when
 * the hub dies are written or lost. What was acknowledged is in the journal below, which outlives every hub.
 */
import type { CommitResult, Entry, Journal } from '../../../shared/kube/storage/index.ts';
import type { Prng } from '../../../shared/lib/prng.ts';
import { drawDelay, type Faults } from '../faults.ts';
import type { Process } from '../process.ts';
import type { World } from '../world.ts';

/** The journal as one incarnation of the hub sees it. */
export const journalOf = (world: World, process: Process, base: Journal, random: Prng, faults: () => Faults): Journal => ({
  commit: (writes) =>
    new Promise<CommitResult>((resolve) => {
      const { commit: delay, unknownPercent } = faults();
      const isUnknown = random.chance(unknownPercent);
      const isWritten = !isUnknown || random.chance(50);
      const answer = (result: CommitResult): void => {
        process.after(drawDelay(delay, random), 'commit answered', () => resolve(result));
      };
      world.after(drawDelay(delay, random), 'commit reaches the disk', () => {
        // A crash loses what is not on the disk yet.
        if (!process.alive()) return;
        if (!isWritten) return answer({ ok: false, why: 'unknown', cause: new Error('the commit timed out') });
        void base.commit(writes).then((result) => {
          answer(isUnknown && result.ok ? { ok: false, why: 'unknown', cause: new Error('the commit timed out') } : result);
        });
      });
    }),
  follow: (from, signal) => aliveOnly(base.follow(from, signal), process),
  snapshot: base.snapshot,
  floor: base.floor,
  head: base.head,
  compact: base.compact,
  advance: base.advance,
  isForeign: base.isForeign,
  close: async () => undefined,
});

const aliveOnly = async function* (entries: AsyncIterable<Entry>, process: Process): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    if (!process.alive()) return;
    yield entry;
  }
};
