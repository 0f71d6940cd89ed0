/** @module Brings a field set in line with a schema that has changed since: what became one value is owned as one value. */
import type { SchemaNode } from '../schema/index.ts';
import { type FieldEntry, type FieldTree, leafEntry } from './field-tree.ts';

/**
 * The set with whatever lies inside a now atomic list or map replaced by the list or map itself (structured-merge-diff,
 * typed/reconcile_schema.go). Gives back the same tree when nothing changes.
 */
export const reconcileFields = (node: SchemaNode, tree: FieldTree): FieldTree => {
  if (node.kind === 'any' || node.kind === 'scalar') return tree;
  let out: Map<string, FieldEntry> | undefined;
  for (const [element, entry] of tree) {
    const children = entry.children;
    if (children === undefined) continue;
    const child = element.startsWith('f:') ? node.child(element.slice(2)) : node.kind === 'list' ? node.item : undefined;
    if (child === undefined) continue;
    const whole = child.atomic && child.kind !== 'any';
    const below = whole ? undefined : reconcileFields(child, children);
    if (below === children) continue;
    out ??= new Map(tree);
    out.set(element, below === undefined ? leafEntry : { owned: entry.owned, children: below });
  }
  return out ?? tree;
};
