/** @module Journal commits a second, one at a time and together, beside raw better-sqlite3 that writes the same rows in the same run. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openScratch } from '../../hub/store/testing/scratch.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { stamped, type Write } from '../../shared/kube/storage/index.ts';
import type { BenchOptions, BenchResult } from './lib/bench.ts';

/** Bytes of one object's JSON, about. */
const OBJECT_BYTES = 2_000;
/** Keys written over and over, as in a cluster whose objects change. */
const KEYS = 2_000;
/** Commits in flight, and rows a transaction of the raw side. */
const TOGETHER = 500;
/** Turns: each side runs in each, so that a slow moment of the disk hits both. */
const TURNS = 4;

/** Rates are commits (of one object) a second. */
export const run = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  const root = join(import.meta.dirname, '..', '..', '.cache');
  mkdirSync(root, { recursive: true });
  const directory = mkdtempSync(join(root, 'bench-write-'));
  const single = quick ? 20 : 300;
  const together = (quick ? 2 : 20) * TOGETHER;
  const sums = { rawSingle: 0, rawTogether: 0, journalSingle: 0, journalTogether: 0 };
  const raw = openRaw(join(directory, 'raw.db'));
  const journal = openScratch(join(directory, 'journal'));
  try {
    for (let turn = 0; turn < TURNS; turn++) {
      sums.rawSingle += await timed(() => raw.single(single));
      sums.journalSingle += await timed(async () => {
        for (let i = 0; i < single; i++) await journal.commit([writeOf(i)]);
      });
      sums.rawTogether += await timed(() => raw.batches(together));
      sums.journalTogether += await timed(async () => {
        await inFlight(together, TOGETHER, (i) => journal.commit([writeOf(i)]));
      });
    }
  } finally {
    raw.close();
    await journal.close();
    rmSync(directory, { recursive: true, force: true });
  }
  return resultOf(
    (TURNS * single * 1000) / sums.rawSingle,
    (TURNS * single * 1000) / sums.journalSingle,
    (TURNS * together * 1000) / sums.rawTogether,
    (TURNS * together * 1000) / sums.journalTogether,
  );
};

const resultOf = (rawSingle: number, journalSingle: number, rawTogether: number, journalTogether: number): BenchResult => {
  const percent = (journal: number, raw: number): number => Math.round((journal / raw) * 100);
  return {
    title: `Commits a second, objects of ${OBJECT_BYTES} bytes, WAL, synchronous FULL`,
    columns: ['way', 'raw better-sqlite3', 'journal', 'journal/raw %'],
    rows: [
      ['one at a time', rawSingle, journalSingle, percent(journalSingle, rawSingle)],
      [`${TOGETHER} in flight / ${TOGETHER} a transaction`, rawTogether, journalTogether, percent(journalTogether, rawTogether)],
    ],
    goals: [
      { name: 'one at a time, of raw', value: percent(journalSingle, rawSingle), unit: '%', bound: 'min', goal: 60 },
      { name: 'together, of raw', value: percent(journalTogether, rawTogether), unit: '%', bound: 'min', goal: 60 },
    ],
  };
};

const timed = async (work: () => unknown): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

/** Runs `count` tasks, `width` at a time. */
const inFlight = async (count: number, width: number, task: (index: number) => Promise<unknown>): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
};

const objectOf = (index: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `object-${index % KEYS}`, namespace: 'bench' },
  data: { filler: 'x'.repeat(OBJECT_BYTES - 130) },
});

const keyOf = (index: number): string => `/configmaps/bench/object-${index % KEYS}`;

const writeOf = (index: number): Write => ({ op: 'put', key: keyOf(index), object: objectOf(index) });

/** The same tables and rows with nothing around them but the JSON that any store must make. */
const openRaw = (file: string) => {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(`CREATE TABLE objects (key TEXT PRIMARY KEY NOT NULL, revision INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE log (revision INTEGER PRIMARY KEY NOT NULL, op TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL);
    CREATE TABLE history (key TEXT NOT NULL, revision INTEGER NOT NULL, op TEXT NOT NULL, at_ms INTEGER NOT NULL, author TEXT NOT NULL, json TEXT,
      PRIMARY KEY (key, revision)) WITHOUT ROWID;
    CREATE INDEX history_at ON history (at_ms);`);
  const putObject = db.prepare(
    'INSERT INTO objects VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, json = excluded.json',
  );
  const putLog = db.prepare('INSERT INTO log VALUES (?, ?, ?, ?)');
  const putHistory = db.prepare('INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)');
  let revision = 0;
  const writeRows = db.transaction((from: number, count: number): void => {
    for (let index = from; index < from + count; index++) {
      revision += 1;
      const key = keyOf(index);
      const json = JSON.stringify(stamped(objectOf(index), revision));
      putLog.run(revision, 'put', key, json);
      putObject.run(key, revision, json);
      putHistory.run(key, revision, 'put', Date.now(), '', null);
    }
  });
  return {
    single: (count: number): void => {
      for (let index = 0; index < count; index++) writeRows.immediate(index, 1);
    },
    batches: (count: number): void => {
      for (let index = 0; index < count; index += TOGETHER) writeRows.immediate(index, TOGETHER);
    },
    close: (): void => {
      db.close();
    },
  };
};
