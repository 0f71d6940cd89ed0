/** @module How much of the past stays. */
import { describe, expect, it } from 'vitest';
import type { Write } from '../../shared/kube/storage/index.ts';
import { applyRetention, compactionTarget, defaultRetention, type Retention } from './retention.ts';
import { openScratch, scratchDirectory } from './testing/scratch.ts';

const put = (name: string): Write => ({
  op: 'put',
  key: `/configmaps/shop/${name}`,
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
});

describe('retention', () => {
  it.each([
    [{ head: 10, old: 0, max: 100 }, 0],
    [{ head: 10, old: 4, max: 100 }, 4],
    [{ head: 10, old: 4, max: 3 }, 7],
    [{ head: 10, old: 9, max: 3 }, 9],
  ])('lets go what is too old and what is too much: %o → %i', ({ head, old, max }, target) => {
    expect(compactionTarget(head, old, { logEntriesMax: max })).toBe(target);
  });

  it('drops old entries and old history, and never a live object', async () => {
    const { directory, remove } = scratchDirectory();
    let nowMs = 0;
    const journal = openScratch(directory, { nowMs: () => nowMs });
    for (nowMs = 1_000; nowMs <= 10_000; nowMs += 1_000) await journal.commit([put(`a${nowMs}`)]);
    const retention: Retention = {
      logAgeMsMax: 5_000,
      logEntriesMax: 100,
      historyAgeMsMax: 100_000,
      historyRowsMax: 3,
      historyBytesMax: 1_000_000,
    };
    await applyRetention(journal, 10_000, retention);
    expect(journal.floor()).toBe(5);
    expect(journal.history({}).map(({ revision }) => revision)).toEqual([10, 9, 8]);
    expect(journal.figures().liveObjects).toBe(10);
    await applyRetention(journal, 10_000, { ...retention, logEntriesMax: 2, historyAgeMsMax: 1_500 });
    expect(journal.floor()).toBe(8);
    expect(journal.history({}).map(({ revision }) => revision)).toEqual([10, 9]);
    await journal.close();
    remove();
  });

  it('keeps no more bytes of states than allowed, the newest ones, also after a restart', async () => {
    const { directory, remove } = scratchDirectory();
    let nowMs = 0;
    const open = () => openScratch(directory, { nowMs: () => nowMs, keepStatesOf: ['/configmaps/'] });
    let journal = open();
    for (nowMs = 1_000; nowMs <= 10_000; nowMs += 1_000) await journal.commit([put(`é${nowMs}`)]);
    const bytesOf = (revision: number): number => {
      const [record] = journal.history({}).filter((one) => one.revision === revision);
      return Buffer.byteLength(JSON.stringify(record?.object));
    };
    const retention: Retention = { ...defaultRetention, historyAgeMsMax: 100_000, historyBytesMax: bytesOf(10) + bytesOf(9) };
    await journal.close();
    journal = open();
    await applyRetention(journal, 10_000, retention);
    expect(journal.history({}).map(({ revision }) => revision)).toEqual([10, 9]);
    await applyRetention(journal, 10_000, { ...retention, historyBytesMax: bytesOf(10) + bytesOf(9) - 1 });
    expect(journal.history({}).map(({ revision }) => revision)).toEqual([10]);
    await journal.close();
    remove();
  });
});
