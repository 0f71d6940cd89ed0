/** @module The columns that few clusters have: shared GPUs, and pods that other pods must know of. */
import type { DeviceColumns, NodeColumns, PodSet, ReportedPodKind } from '../../shared/capacity/report.ts';
import { listed } from '../../shared/lib/listed.ts';
import { type HamiHold, hamiFree, hamiUntold } from './hami.ts';
import type { PodExtra } from './pod-table.ts';
import type { InventoryState } from './state.ts';

/** Nodes that are named. */
const untoldMax = 5;

/** Pods with one extra on a node. */
export type ExtraCount = { live: number; terminating: number };

/** What a node's pods have beyond amounts. */
export type NodeExtras = ReadonlyMap<string, ReadonlyMap<PodExtra, ExtraCount>>;

/** Free amounts of shared GPUs by place; nothing when no node has any. */
export const deviceColumns = (
  state: InventoryState,
  names: readonly string[],
  extrasOf: NodeExtras,
  nowMs: number,
): Pick<NodeColumns, 'deviceFree'> => {
  const places = names.reduce((most, name) => Math.max(most, state.nodes.get(name)?.hami?.gpus.length ?? 0), 0);
  if (places === 0) return {};
  const columns = Array.from({ length: places }, () => ({ slots: [] as number[], memoryMiB: [] as number[], cores: [] as number[] }));
  for (const name of names) {
    const hami = state.nodes.get(name)?.hami;
    const free = hami === undefined ? [] : hamiFree(hami, holdsOn(extrasOf.get(name)), nowMs);
    for (const [place, column] of columns.entries()) {
      column.slots.push(free[place]?.slots ?? -1);
      column.memoryMiB.push(free[place]?.memoryMiB ?? -1);
      column.cores.push(free[place]?.cores ?? -1);
    }
  }
  return { deviceFree: columns satisfies readonly DeviceColumns[] };
};

/** {@link hamiUntold} of the nodes of which something is untold. */
export const untoldDevices = (state: InventoryState, names: readonly string[], extrasOf: NodeExtras): ReadonlyMap<string, number> =>
  new Map(
    names.flatMap((name) => {
      const hami = state.nodes.get(name)?.hami;
      const untold = hami === undefined ? undefined : hamiUntold(hami, holdsOn(extrasOf.get(name)));
      return untold === undefined ? [] : [[name, untold] as const];
    }),
  );

/** These nodes in one line, for people. */
export const untoldLines = (untold: ReadonlyMap<string, number>): readonly string[] =>
  untold.size === 0
    ? []
    : [
        `shared GPUs of ${listed([...untold.keys()], untoldMax)}: HAMi annotations of the node or its pods are missing or cannot be read, what they are about counts as taken`,
      ];

/** Terminating pods still hold their share. */
const holdsOn = (extras: ReadonlyMap<PodExtra, ExtraCount> | undefined): readonly HamiHold[] =>
  [...(extras ?? [])].flatMap(([{ gpus }, { live, terminating }]) =>
    gpus === undefined ? [] : Array.from({ length: live + terminating }, () => gpus),
  );

/** Pods that others must know of: their kinds, the sets of them that nodes have, and each node's set. */
export type RelatedPods = {
  readonly podKinds: readonly ReportedPodKind[];
  readonly podSets: readonly PodSet[];
  /** Id of each node's set, 0 = none. */
  readonly setOf: readonly number[];
};

/** Numbers kinds and sets in the order of the nodes. */
export const relatedPods = (names: readonly string[], extrasOf: NodeExtras): RelatedPods => {
  const kinds = new Map<string, ReportedPodKind>();
  const known = new Map<PodExtra, number | undefined>();
  const sets = new Map<string, PodSet>();
  const kindId = (extra: PodExtra): number | undefined => {
    if (extra.kind === undefined) return undefined;
    if (known.has(extra)) return known.get(extra);
    const key = JSON.stringify(extra.kind);
    const kind = kinds.get(key) ?? { id: kinds.size, ...extra.kind };
    kinds.set(key, kind);
    known.set(extra, kind.id);
    return kind.id;
  };
  const setOf = names.map((name) => {
    const counts = new Map<number, ExtraCount>();
    for (const [extra, { live, terminating }] of extrasOf.get(name) ?? []) {
      const id = kindId(extra);
      if (id === undefined) continue;
      const count = counts.get(id) ?? { live: 0, terminating: 0 };
      counts.set(id, { live: count.live + live, terminating: count.terminating + terminating });
    }
    if (counts.size === 0) return 0;
    const pods = [...counts].sort(([a], [b]) => a - b).map(([id, { live, terminating }]) => [id, live, terminating] as const);
    const key = JSON.stringify(pods);
    const set = sets.get(key) ?? { id: sets.size + 1, pods };
    sets.set(key, set);
    return set.id;
  });
  return { podKinds: [...kinds.values()], podSets: [...sets.values()], setOf };
};
