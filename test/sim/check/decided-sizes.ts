/** @module What replicas asked for when a decision on them was made: one that was under way when its user made them larger goes by what it saw. */

/** Sizes by generation. */
export type DecidedSizes = {
  /** The workload has this generation from now on; undefined = it is gone. */
  readonly written: (name: string, generation: number | undefined, size: number) => void;
  /** Its size for a decision on this generation; one that was replaced too long ago counts no more. */
  readonly of: (name: string, generation: number) => number;
};

type Version = { readonly generation: number; readonly size: number; replacedMs: number };

/** No workload is known. `ageMsMax`: how long a decision may be under way, ms. */
export const createDecidedSizes = (nowMs: () => number, ageMsMax: number): DecidedSizes => {
  const versions = new Map<string, Version[]>();
  return {
    written: (name, generation, size) => {
      if (generation === undefined) {
        versions.delete(name);
        return;
      }
      const known = versions.get(name) ?? [];
      const last = known.at(-1);
      if (last?.generation === generation) return;
      if (last !== undefined) last.replacedMs = nowMs();
      const recent = known.filter(({ replacedMs }) => nowMs() - replacedMs <= ageMsMax);
      versions.set(name, [...recent, { generation, size, replacedMs: Number.POSITIVE_INFINITY }]);
    },
    of: (name, generation) => {
      const known = versions.get(name) ?? [];
      const seen = known.find((version) => version.generation === generation && nowMs() - version.replacedMs <= ageMsMax);
      return (seen ?? known.at(-1))?.size ?? 0;
    },
  };
};
