/** @module Asks the clusters for the documents of kinds that are missing: one cluster for each, another when it does not answer. */
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { kindsWantedMax } from '../../../shared/wire/index.ts';

/** What it is built from. */
export type DocumentAskerOptions = {
  readonly env: RuntimeEnv;
  /** Hashes of the documents that each cluster names, within its limits. */
  readonly named: () => ReadonlyMap<string, readonly string[]>;
  readonly isKnown: (hash: string) => boolean;
  readonly ask: (cluster: string, hashes: readonly string[]) => void;
};

/** A running asker. */
export type DocumentAsker = {
  /** Asks now for what is missing and was not asked for a moment ago; goes on until nothing is missing. */
  readonly ask: () => void;
  /** The cluster that was asked for this document; undefined = nobody was. */
  readonly askedOf: (hash: string) => string | undefined;
  /** It came. */
  readonly answered: (hash: string) => void;
  readonly keepOnly: (used: ReadonlySet<string>) => void;
  readonly stop: () => void;
};

/** A document that did not come is asked for again, of another cluster that has it. */
const askEveryMs = 5_000;

/** A new asker that asks for nothing yet. */
export const createDocumentAsker = ({ env, named, isKnown, ask: askCluster }: DocumentAskerOptions): DocumentAsker => {
  const asked = new Map<string, { readonly atMs: number; readonly cluster: string }>();
  let cancel: (() => void) | undefined;

  /** Clusters that were asked and did not answer come last. */
  const inTurn = (): [string, readonly string[]][] => {
    const silent = new Set([...asked.values()].map(({ cluster }) => cluster));
    return [...named()].sort(([a], [b]) => Number(silent.has(a)) - Number(silent.has(b)) || compareText(a, b));
  };
  const ask = (): void => {
    cancel?.();
    cancel = undefined;
    const nowMs = env.monotonicMs();
    const taken = new Set<string>();
    let isMissing = false;
    for (const [cluster, hashes] of inTurn()) {
      const unknown = hashes.filter((hash) => !isKnown(hash) && !taken.has(hash));
      isMissing ||= unknown.length > 0;
      const due = unknown.filter((hash) => nowMs - (asked.get(hash)?.atMs ?? Number.NEGATIVE_INFINITY) >= askEveryMs);
      // What does not fit into this question is asked of the next cluster that has it, or later.
      const wanted = due.slice(0, kindsWantedMax);
      if (wanted.length === 0) continue;
      for (const hash of wanted) {
        asked.set(hash, { atMs: nowMs, cluster });
        taken.add(hash);
      }
      askCluster(cluster, wanted);
    }
    if (isMissing) cancel = env.setTimer(askEveryMs, ask);
  };
  return {
    ask,
    askedOf: (hash) => asked.get(hash)?.cluster,
    answered: (hash) => {
      asked.delete(hash);
      if (asked.size === 0) ask();
    },
    keepOnly: (used) => {
      for (const hash of [...asked.keys()]) if (!used.has(hash)) asked.delete(hash);
    },
    stop: () => cancel?.(),
  };
};
