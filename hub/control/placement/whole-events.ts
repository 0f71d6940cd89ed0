/** @module What is told of a Job that is not divided. */
import { explanationRows, type PlacementSpec } from '../../../shared/api/index.ts';
import { type Decision, hasParts, indexedText, notDivided } from '../../../shared/placement/index.ts';
import type { EventText } from '../events.ts';

/** Told once, when an Indexed Job gets its cluster while others could have had a part of a Job that is divided. */
export const wholeEvents = (
  { before }: { readonly before: { readonly spec: PlacementSpec } | undefined },
  { clusters, explained }: Decision,
): readonly EventText[] => {
  const [only] = clusters;
  if (only?.completions === undefined || clusters.length > 1 || hasParts(before?.spec.clusters ?? [])) return [];
  if (!explanationRows(explained).some(({ reason }) => reason === notDivided.reason)) return [];
  return [{ type: 'Normal', reason: 'NotDivided', message: `all ${only.completions} completions are for ${only.name}: ${indexedText}` }];
};
