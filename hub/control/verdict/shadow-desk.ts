/** @module What all observers count: what their shadow detectors have seen, summed up for each cluster and profile, and what each has refused. */
import type { DetectorSummary } from '../../../shared/api/index.ts';
import { profileNames } from '../../../shared/health/index.ts';
import type { MeshShadows, RefusedRow, ShadowRow } from '../../../shared/wire/mesh.ts';

/** The desk. */
export type ShadowDesk = {
  /** Takes what one observer tells; answers the clusters that it is about, and undefined when the same start has told as new before. */
  readonly take: (told: MeshShadows) => readonly string[] | undefined;
  /** Forgets all observers but these. */
  readonly keepOnly: (members: readonly { readonly name: string }[]) => void;
  /** One row a profile; suspicions are summed, deaths and times are the largest. */
  readonly summaryOf: (target: string) => readonly DetectorSummary[];
  /** What each observer has refused since its start. */
  readonly refused: () => readonly ObservedRefusals[];
};

/** Refusals of one observer. */
export type ObservedRefusals = RefusedRow & { readonly observer: string };

/** Observers remembered. */
const observersMax = 1_000;

/** An empty desk. */
export const createShadowDesk = (): ShadowDesk => {
  const told = new Map<string, MeshShadows>();
  const rowsOn = (target: string, profile: string): { row: ShadowRow; watchedMs: number }[] =>
    [...told.values()].flatMap(({ rows, watchedMs }) =>
      rows.filter((row) => row.target === target && row.profile === profile).map((row) => ({ row, watchedMs })),
    );
  return {
    take: (message) => {
      const known = told.get(message.from);
      if (known === undefined ? told.size >= observersMax : known.bootId === message.bootId && known.seq >= message.seq) return undefined;
      told.set(message.from, message);
      return [...new Set(message.rows.map(({ target }) => target))];
    },
    keepOnly: (members) => {
      const names = new Set(members.map(({ name }) => name));
      for (const name of [...told.keys()]) if (!names.has(name)) told.delete(name);
    },
    summaryOf: (target) =>
      profileNames.map((profile) => {
        const rows = rowsOn(target, profile);
        const sum = (of: (row: ShadowRow) => number): number => rows.reduce((total, { row }) => total + of(row), 0);
        const most = (of: (row: ShadowRow) => number): number => rows.reduce((top, { row }) => Math.max(top, of(row)), 0);
        return {
          profile,
          observers: rows.length,
          suspicions: sum(({ suspicions }) => suspicions),
          falseSuspicions: sum(({ falseSuspicions }) => falseSuspicions),
          heldSuspicions: sum(({ heldSuspicions = 0 }) => heldSuspicions),
          // Each observer sees each death.
          deaths: most(({ deaths }) => deaths),
          callMilliseconds: most(({ callMsMax }) => callMsMax),
          longestSilenceMilliseconds: most(({ longestSilenceMs }) => longestSilenceMs),
          watchedSeconds: Math.floor(rows.reduce((top, { watchedMs }) => Math.max(top, watchedMs), 0) / 1_000),
        };
      }),
    refused: () => [...told].flatMap(([observer, { refused = [] }]) => refused.map((row) => ({ observer, ...row }))),
  };
};
