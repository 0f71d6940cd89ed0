/** @module Conflicts of server-side apply, and how kubectl is told of them. */
import { StatusError } from '../status-error.ts';
import { type FieldTree, pathsOf } from './field-tree.ts';
import type { Ownership } from './managers.ts';
import { showPath } from './path-element.ts';

/** A field that another manager owns with another value. */
export type Conflict = { readonly identity: string; readonly owner: Ownership; readonly path: readonly string[] };

/** One conflict a field, managers in the order of their identities. */
export const listConflicts = (owned: ReadonlyMap<string, { readonly owner: Ownership; readonly fields: FieldTree }>): Conflict[] => {
  const out: Conflict[] = [];
  for (const identity of [...owned.keys()].sort()) {
    const found = owned.get(identity);
    if (found === undefined) continue;
    for (const path of pathsOf(found.fields)) out.push({ identity, owner: found.owner, path });
  }
  return out;
};

/** `"one"`, `"kubectl" with subresource "scale" using apps/v1`. */
export const showOwner = (owner: Ownership): string => {
  const subresource = owner.subresource === '' ? '' : ` with subresource ${JSON.stringify(owner.subresource)}`;
  const version = owner.operation === 'Update' ? ` using ${owner.apiVersion}` : '';
  return `${JSON.stringify(owner.manager)}${subresource}${version}`;
};

const messageOf = (conflicts: readonly Conflict[]): string => {
  const [only] = conflicts;
  if (only !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${showOwner(only.owner)}: ${showPath(only.path)}`;
  }
  const lines: string[] = [];
  let last: string | undefined;
  for (const conflict of conflicts) {
    if (conflict.identity !== last) lines.push(`conflicts with ${showOwner(conflict.owner)}:`);
    lines.push(`- ${showPath(conflict.path)}`);
    last = conflict.identity;
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
};

/** The 409 that kubectl turns into its advice: one cause a field. */
export const conflictError = (conflicts: readonly Conflict[]): StatusError =>
  new StatusError(409, 'Conflict', messageOf(conflicts), {
    causes: conflicts.map((conflict) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${showOwner(conflict.owner)}`,
      field: showPath(conflict.path),
    })),
  });
