/**
 * @module Weights of routes are traffic's: work writes them as they are now, and never sets them back. Of the two, traffic alone decides; so
 * there is nothing to fight about.
 */

import type { KubeObject } from '../../shared/kube/object.ts';
import { type ImportWeights, isRoute, unweighed, weighedRoute } from '../../shared/traffic/index.ts';
import type { WorkItem } from '../../shared/wire/index.ts';
import type { Live } from './live.ts';

/** True for what has weights: it waits until they are known, for the hub's would give a dead cluster its share back. */
export const hasWeights = ({ op, ref }: WorkItem): boolean => op === 'apply' && isRoute(ref);

/** The object with traffic's weights, where traffic has any. */
export const weighed = (object: KubeObject, weights: ImportWeights | undefined, live: Live | undefined): KubeObject =>
  weights !== undefined && isRoute(object) ? weighedRoute(object, weights, live?.backends) : object;

const noWeights: ImportWeights = new Map();

/** Equal as long as nobody changed what work decides: all that an apply sets but traffic's weights. */
export const printOf = ({ fingerprint, backends }: Live, weights: ImportWeights = noWeights): string =>
  backends === undefined ? fingerprint : `${fingerprint}.${JSON.stringify(unweighed(backends, weights))}`;

/** True when traffic decides the weights of the same imports as before, whatever they are. */
export const decidesTheSame = (before: ImportWeights, now: ImportWeights): boolean =>
  before.size === now.size && [...now.keys()].every((name) => before.has(name));
