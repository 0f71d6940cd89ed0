/** @module How ownership moves when an object changes. */
import { type Comparison, compareObjects } from './compare.ts';
import { difference, emptyTree, type FieldTree, intersection, union } from './field-tree.ts';
import type { Managers, Ownership } from './managers.ts';
import { type ResetRule, withoutReset } from './strip.ts';
import { inVersion, type Versioned, type Versions } from './versions.ts';

/** Fields of others that a change sets anew. */
export type Overlaps = ReadonlyMap<string, { readonly owner: Ownership; readonly fields: FieldTree }>;

/** What a change of an object does to its owners. */
export type OwnershipShift = {
  /** What changed, in the version of the change. */
  readonly comparison: Comparison;
  /** Owners other than the writer whose fields the change sets to other values. */
  readonly overlaps: Overlaps;
  /** The owners after the change, when it is let through: who lost all is gone. */
  readonly managers: Managers;
};

const filtered = (comparison: Comparison, rule: ResetRule): Comparison => ({
  added: withoutReset(comparison.added, rule),
  modified: withoutReset(comparison.modified, rule),
  removed: withoutReset(comparison.removed, rule),
});

/**
 * Compares the object before and after in each owner's version; owners of versions no longer served are dropped
 * (structured-merge-diff, merge/update.go). `writer` is the identity of the one who writes: it is neither asked nor changed.
 */
export const shiftOwnership = (
  before: Versioned,
  after: Versioned,
  managers: Managers,
  writer: string,
  rules: { readonly versions: Versions; readonly reset: ResetRule },
): OwnershipShift => {
  const comparison = filtered(compareObjects(before.node, before.object, after.object), rules.reset);
  const byVersion = new Map<string, Comparison | undefined>([[before.apiVersion, comparison]]);
  const comparisonIn = (apiVersion: string): Comparison | undefined => {
    if (byVersion.has(apiVersion)) return byVersion.get(apiVersion);
    const old = inVersion(before, apiVersion, rules.versions);
    const next = inVersion(after, apiVersion, rules.versions);
    const made = old && next && filtered(compareObjects(old.node, old.object, next.object), rules.reset);
    byVersion.set(apiVersion, made);
    return made;
  };
  const overlaps = new Map<string, { owner: Ownership; fields: FieldTree }>();
  const left: Managers = new Map();
  for (const [identity, owner] of managers) {
    const changes = identity === writer ? undefined : comparisonIn(owner.apiVersion);
    if (identity !== writer && changes === undefined) continue;
    const set = changes === undefined ? emptyTree : intersection(owner.fields, union(changes.modified, changes.added));
    if (set.size > 0) overlaps.set(identity, { owner, fields: set });
    const fields = difference(difference(owner.fields, set), changes?.removed ?? emptyTree);
    if (fields.size > 0) left.set(identity, fields === owner.fields ? owner : { ...owner, fields });
  }
  return { comparison, overlaps, managers: left };
};
