/** @module A Placement as it is stored: its explanation in the form in which it is kept. */
import type { KubeObject } from '../kube/object.ts';
import { explanationRows, type KeptExplanation, keptExplanation } from './kept-explanation.ts';
import type { ExplanationRow, Placement, PlacementStatus } from './placement.ts';
import { withStaying } from './staying.ts';
import { withWholeShares } from './whole-shares.ts';

/** `status` of a stored Placement. */
export type StoredPlacementStatus = Omit<PlacementStatus, 'explanation'> & {
  readonly explained?: KeptExplanation;
  /** Rows that an earlier version, or somebody by the API, wrote; the next decision takes their place. */
  readonly explanation?: readonly ExplanationRow[];
};

/** A stored Placement. */
export type StoredPlacement = Omit<Placement, 'status'> & { readonly status?: StoredPlacementStatus };

/** A stored object whose key says that it is a Placement. */
export const storedPlacement = (object: KubeObject): StoredPlacement => object as StoredPlacement;

/** The explanation of a stored status, whatever form it has. */
export const explainedIn = ({ explained, explanation }: StoredPlacementStatus): KeptExplanation | undefined =>
  explained ?? (explanation === undefined ? undefined : keptExplanation(explanation));

/** A status in the form in which the hub keeps it: what was written through the API is told row by row. */
export const keptPlacementStatus = (status: StoredPlacementStatus): StoredPlacementStatus => {
  const { explanation = [], ...rest } = status;
  return { ...rest, explained: explainedIn(status) ?? keptExplanation(explanation) };
};

/** The Placement with a row for each cluster, and a message that tells where the object stays. */
export const servedPlacement = (stored: StoredPlacement): Placement => {
  const { status } = stored;
  if (status?.explained === undefined) return stored;
  const { explained, ...rest } = status;
  const message = rest.message === undefined ? {} : { message: withStaying(rest.message, rest.staying) };
  return { ...stored, status: { ...rest, ...message, explanation: withWholeShares(explanationRows(explained)) } };
};

/** {@link servedPlacement} for the API server: what is written through it stays as it is written. */
export const placementConversion = {
  fromStorage: (object: KubeObject): KubeObject => servedPlacement(storedPlacement(object)) as KubeObject,
  toStorage: (object: KubeObject): KubeObject => object,
};
