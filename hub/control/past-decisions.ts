/** @module Looks up the decisions of the past about one object, page by page, in what the journal keeps of its Placement. */
import {
  decisionsDefault,
  hanseGroup,
  type PlacementHistorySpec,
  type PlacementHistoryStatus,
  servedPlacement,
  storedPlacement,
} from '../../shared/api/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { keyOf, type StorageKey } from '../../shared/kube/storage/index.ts';
import { groupDecisions, type PastWrite, pastDecision } from './decisions.ts';

/** Past writes of one key, newest first; `before` is the last one of the page before. */
export type PastWrites = (query: {
  readonly key: StorageKey;
  readonly untilMs?: number;
  readonly before?: { readonly atMs: number; readonly revision: number };
  readonly limit: number;
}) => readonly (Omit<PastWrite, 'placement'> & { readonly object: KubeObject | undefined })[];

/** Writes read at once: with 5,000 clusters one is a megabyte. */
const pageMax = 50;
/** Writes looked at for one answer; what is older is not told of. */
const writesMax = 2_000;

/** Times are told in whole seconds: one without a fraction means all of its second. */
const endOf = (time: string): number => Date.parse(time) + (time.includes('.') ? 0 : 999);

type Search = { readonly key: StorageKey; readonly spec: PlacementHistorySpec; readonly wanted: number };

/** The writes that hold one decision more than is wanted, so that the last one can be compared; `isEnd` = there are no older ones. */
const collect = async (
  past: PastWrites,
  { key, spec, wanted }: Search,
  breath: () => Promise<void>,
): Promise<{ readonly writes: readonly PastWrite[]; readonly isEnd: boolean }> => {
  const writes: PastWrite[] = [];
  const until = spec.time === undefined ? {} : { untilMs: endOf(spec.time) };
  let before: { atMs: number; revision: number } | undefined;
  for (let read = 0; read < writesMax; read += pageMax) {
    const page = past({ key, ...until, ...(before === undefined ? {} : { before }), limit: pageMax });
    for (const { object, ...write } of page) {
      if (write.revision <= (spec.revision ?? write.revision))
        writes.push({ ...write, placement: object === undefined ? undefined : storedPlacement(object) });
    }
    before = page.at(-1);
    if (page.length < pageMax || before === undefined) return { writes, isEnd: true };
    if (groupDecisions(writes).length > wanted + 1) return { writes, isEnd: false };
    // Whoever else waits for the hub goes first.
    await breath();
  }
  return { writes, isEnd: false };
};

/** The decisions about the object of a Placement. `breath` lets others go first. */
export const pastDecisions = async (
  past: PastWrites,
  namespace: string,
  spec: PlacementHistorySpec,
  breath: () => Promise<void>,
): Promise<PlacementHistoryStatus> => {
  const wanted = spec.limit ?? decisionsDefault;
  const key = keyOf(hanseGroup, 'placements', namespace, spec.placement);
  const { writes, isEnd } = await collect(past, { key, spec, wanted }, breath);
  const found = groupDecisions(writes);
  const decisions = found.slice(0, wanted).map((one, at) => pastDecision(one, found[at + 1]));
  const newest = found[0]?.last.placement;
  return {
    decisions,
    ...(found.length > wanted || !isEnd ? { more: true as const } : {}),
    ...(spec.whole === true && newest !== undefined ? { placement: servedPlacement(newest) } : {}),
  };
};
