/** @module What a namespace that ends says of itself: which content remains, and which finalizers hold it. */
import { type Condition, withCondition } from '../condition.ts';
import type { KubeObject } from '../object.ts';
import { qualifiedResource } from './errors.ts';

type Left = { readonly type: { readonly group: string; readonly resource: string }; readonly objects: readonly KubeObject[] };

/** The conditions of a namespace in which `left` remains; times move only when a status changes. */
export const terminationConditions = (left: readonly Left[], before: readonly Condition[], nowMs: number): Condition[] => {
  const remaining = left.filter(({ objects }) => objects.length > 0);
  const counts = remaining.map(({ type, objects }) => `${resourceText(type)} has ${objects.length} resource instances`);
  const finalizers = finalizerCounts(remaining.flatMap(({ objects }) => objects));
  const held = [...finalizers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${name} in ${count} resource instances`);
  const said: readonly [string, boolean, string, string][] = [
    ['NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'],
    ['NamespaceDeletionGroupVersionParsingFailure', false, 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    ['NamespaceDeletionContentFailure', false, 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
    counts.length === 0
      ? ['NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed']
      : ['NamespaceContentRemaining', true, 'SomeResourcesRemain', `Some resources are remaining: ${counts.join(', ')}`],
    held.length === 0
      ? ['NamespaceFinalizersRemaining', false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished']
      : [
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
        ],
  ];
  return said.flatMap(([type, holds, reason, message]) =>
    withCondition(
      before.filter((old) => old.type === type),
      { type, status: holds ? 'True' : 'False', reason, message },
      nowMs,
    ),
  );
};

/** The name as the namespace controller prints it: `secrets.` for core. */
const resourceText = (type: Left['type']): string => (type.group === '' ? `${type.resource}.` : qualifiedResource(type));

const finalizerCounts = (objects: readonly KubeObject[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const object of objects) for (const name of object.metadata.finalizers ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};
