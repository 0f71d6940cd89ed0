/** @module How servers that did not tell are told of: one line a reason, however many there are. */
import { compareText } from '../../shared/lib/compare-text.ts';
import { listed } from '../../shared/lib/listed.ts';
import type { ApiFailure } from '../cluster/index.ts';

/** Names in a line; the rest is a number. */
const NAMES_MAX = 5;

/**
 * Lines such as `kubelet configuration of n1, n2 and 498 more: Forbidden: …: grant …`. `failures` by name; `mendOf` answers what helps
 * against a failure, undefined = nothing to add. Names in order: the same failures give the same lines.
 */
export const untoldLines = (
  what: string,
  failures: ReadonlyMap<string, ApiFailure>,
  mendOf: (failure: ApiFailure) => string | undefined,
): readonly string[] => {
  const byReason = new Map<string, [name: string, failure: ApiFailure][]>();
  for (const entry of failures) {
    const { reason } = entry[1];
    const known = byReason.get(reason);
    if (known === undefined) byReason.set(reason, [entry]);
    else known.push(entry);
  }
  return [...byReason.values()]
    .map((entries) =>
      lineOf(
        what,
        entries.sort(([a], [b]) => compareText(a, b)),
        mendOf,
      ),
    )
    .sort(compareText);
};

const lineOf = (
  what: string,
  entries: readonly (readonly [name: string, failure: ApiFailure])[],
  mendOf: (failure: ApiFailure) => string | undefined,
): string => {
  const who = listed(
    entries.map(([name]) => name),
    NAMES_MAX,
  );
  const failure = entries[0]?.[1];
  if (failure === undefined) return who;
  const mend = mendOf(failure);
  return `${what} ${who}: ${failure.reason}: ${failure.message.slice(0, 200)}${mend === undefined ? '' : `: ${mend}`}`;
};
