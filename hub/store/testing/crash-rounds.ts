/** @module Kills a writing process again and again and checks what the journal still has; used by the unit test and by the benchmark. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Entry } from '../../../shared/kube/storage/index.ts';
import { assert, type Prng, prng } from '../../../shared/lib/index.ts';
import type { SqliteJournal } from '../sqlite-journal.ts';
import { GROUP_SIZE } from './crash-writer.ts';
import { openScratch, scratchDirectory } from './scratch.ts';

/** How hard to try. The seed draws when each kill comes. */
export type CrashOptions = { readonly rounds: number; readonly commitsPerRound: number; readonly seed: number };

/** What all rounds together found; `lost`, `half` and `broken` say each fault in words and must stay empty. */
export type CrashReport = {
  readonly rounds: number;
  /** Rounds in which the process was killed while commits were under way. */
  readonly killedAtWork: number;
  readonly acknowledged: number;
  readonly stored: number;
  readonly lost: readonly string[];
  readonly half: readonly string[];
  readonly broken: readonly string[];
};

type Ack = { readonly round: number; readonly index: number; readonly revisions: readonly number[] };

/** Runs the rounds on one data directory, each on what the ones before left. */
export const crashRounds = async (
  { rounds, commitsPerRound, seed }: CrashOptions,
  onRound?: (round: number) => void,
): Promise<CrashReport> => {
  const { directory, remove } = scratchDirectory();
  const chance = prng(seed, 'crash');
  const faults = { lost: [] as string[], half: [] as string[], broken: [] as string[] };
  const totals = { killedAtWork: 0, acknowledged: 0, stored: 0 };
  let checkedTo = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const { acks, ended } = await killedRun(directory, round, commitsPerRound, chance);
      const journal = openScratch(directory);
      const entries = await entriesAfter(journal, checkedTo);
      check(round, acks, entries, checkedTo, faults);
      await checkLive(journal, entries, round, faults.broken);
      checkedTo = journal.head();
      totals.killedAtWork += ended ? 0 : 1;
      totals.acknowledged += acks.length;
      totals.stored += entries.length / GROUP_SIZE;
      await journal.close();
      onRound?.(round);
    }
  } finally {
    remove();
  }
  return { rounds, ...totals, ...faults };
};

/** One child, killed with SIGKILL after a drawn number of acknowledgements (sometimes before the first). */
const killedRun = async (directory: string, round: number, commits: number, chance: Prng): Promise<{ acks: Ack[]; ended: boolean }> => {
  const script = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));
  const child = spawn(process.execPath, [script, directory, String(round), String(commits)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const killAfter = chance.below(Math.floor(commits * 0.9));
  const acks: Ack[] = [];
  let ended = false;
  assert(child.stdout !== null, 'the child has a stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, index = '', revisions = ''] = line.split(' ');
    if (word === 'ack') acks.push({ round, index: Number(index), revisions: revisions.split(',').map(Number) });
    if (word === 'end') ended = true;
    if (word !== 'end' && acks.length >= killAfter) child.kill('SIGKILL');
  }
  await exited(child);
  return { acks, ended };
};

const exited = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
};

const entriesAfter = async (journal: SqliteJournal, from: number): Promise<Entry[]> => {
  const entries: Entry[] = [];
  if (journal.head() === from) return entries;
  for await (const entry of journal.follow(from, new AbortController().signal)) {
    entries.push(entry);
    if (entry.revision === journal.head()) break;
  }
  return entries;
};

type Faults = { readonly lost: string[]; readonly half: string[]; readonly broken: string[] };

/** Acknowledged commits are there at their revisions, and every commit in the log is whole. */
const check = (round: number, acks: readonly Ack[], entries: readonly Entry[], from: number, faults: Faults): void => {
  const byRevision = new Map(entries.map((entry) => [entry.revision, entry]));
  for (const { index, revisions } of acks) {
    const there =
      revisions.length === GROUP_SIZE && revisions.every((revision, member) => isMember(byRevision.get(revision), round, index, member));
    if (!there) faults.lost.push(`round ${round}: commit ${index} was acknowledged at ${revisions.join(', ')} and is not there`);
  }
  for (let at = 0; at < entries.length; at += GROUP_SIZE) {
    const data = entries[at]?.object.data as { index?: number } | undefined;
    const whole = Array.from({ length: GROUP_SIZE }, (_, member) => isMember(entries[at + member], round, data?.index ?? -1, member));
    if (whole.includes(false)) faults.half.push(`round ${round}: the commit at revision ${entries[at]?.revision} is not whole`);
  }
  if (entries.some((entry, index) => entry.revision !== from + index + 1)) faults.broken.push(`round ${round}: revisions have a gap`);
};

const isMember = (entry: Entry | undefined, round: number, index: number, member: number): boolean => {
  const data = entry?.object.data as { round?: number; index?: number; member?: number } | undefined;
  return data?.round === round && data.index === index && data.member === member;
};

/** Live objects, log and history tell the same story. */
const checkLive = async (journal: SqliteJournal, entries: readonly Entry[], round: number, broken: string[]): Promise<void> => {
  const last = new Map(entries.map((entry) => [entry.key, String(entry.revision)]));
  const { revision, items } = await journal.snapshot();
  if (revision !== journal.head()) broken.push(`round ${round}: the snapshot is at ${revision}, the head at ${journal.head()}`);
  let seen = 0;
  for await (const { key, object } of items) {
    const expected = last.get(key);
    if (expected === undefined) continue;
    seen += 1;
    if (object.metadata.resourceVersion !== expected)
      broken.push(`round ${round}: ${key} is live at ${object.metadata.resourceVersion}, not ${expected}`);
  }
  if (seen !== last.size) broken.push(`round ${round}: ${last.size - seen} written objects are not live`);
  const newest = journal.history({ limit: 1 })[0]?.revision ?? 0;
  if (newest !== journal.head()) broken.push(`round ${round}: the history ends at ${newest}, the log at ${journal.head()}`);
};
