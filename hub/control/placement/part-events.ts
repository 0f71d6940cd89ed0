/** @module What is told of the parts of a Job: that there is one only, and that one is begun anew. */
import { explanationRows, type PlacementSpec, type StoredPlacementStatus } from '../../../shared/api/index.ts';
import { type Decision, hasParts, indexedText, lostPartsText, notDivided, partsBefore } from '../../../shared/placement/index.ts';
import type { EventText } from '../events.ts';

type Input = { readonly before: { readonly spec: PlacementSpec; readonly status?: StoredPlacementStatus } | undefined };

/** Told once, when an Indexed Job gets its cluster while others could have had a part of a Job that is divided. */
const notDividedEvents = ({ before }: Input, { clusters, explained }: Decision): readonly EventText[] => {
  const [only] = clusters;
  if (only?.completions === undefined || clusters.length > 1 || hasParts(before?.spec.clusters ?? [])) return [];
  if (!explanationRows(explained).some(({ reason }) => reason === notDivided.reason)) return [];
  return [{ type: 'Normal', reason: 'NotDivided', message: `all ${only.completions} completions are for ${only.name}: ${indexedText}` }];
};

/** Told when another cluster takes the part of one that the Job leaves. */
const begunAnewEvents = ({ before }: Input, { clusters }: Decision): readonly EventText[] => {
  const lost = lostPartsText(partsBefore(before), clusters);
  return lost === '' ? [] : [{ type: 'Warning', reason: 'PartBegunAnew', message: lost }];
};

/** What a decision says of the parts of a Job. */
export const partEvents = (input: Input, decision: Decision): readonly EventText[] => [
  ...notDividedEvents(input, decision),
  ...begunAnewEvents(input, decision),
];
