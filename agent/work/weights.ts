/**
 * @module Weights of routes are traffic's: work writes them as they are now, and never sets them back. Of the two, traffic alone decides; so
 * there is nothing to fight about.
 */
import type { KubeObject } from '../../shared/kube/object.ts';
import { type ImportWeights, importBackendsOf, isRoute, type RouteBackends, unweighed, weighedRoute } from '../../shared/traffic/index.ts';
import type { WorkItem } from '../../shared/wire/index.ts';
import type { Live } from './live.ts';

const noWeights: ImportWeights = new Map();

const backendsOf = ({ op, ref, object }: WorkItem): RouteBackends =>
  op === 'apply' && isRoute(ref) && object !== undefined ? importBackendsOf(object) : [];

/** True for a route that names imports: it waits until their weights are known, for the hub's would give a dead cluster its share back. */
export const hasWeights = (item: WorkItem): boolean => backendsOf(item).length > 0;

/** Of which rules of the item traffic decides the weights, as text; '' = of none. */
export const decidedOf = (item: WorkItem, weights: ImportWeights = noWeights): string => {
  const backends = backendsOf(item);
  const left = new Set(unweighed(backends, weights));
  return backends.flatMap((rule) => (left.has(rule) ? [] : [rule.rule])).join(' ');
};

/** The object with traffic's weights, where traffic has any. */
export const weighed = (object: KubeObject, weights: ImportWeights | undefined, live: Live | undefined): KubeObject =>
  weights !== undefined && isRoute(object) ? weighedRoute(object, weights, live?.backends) : object;

/** Equal as long as nobody changed what work decides: all that an apply sets but traffic's weights. */
export const printOf = ({ fingerprint, backends }: Live, weights: ImportWeights = noWeights): string =>
  backends === undefined ? fingerprint : `${fingerprint}.${JSON.stringify(unweighed(backends, weights))}`;

/** True when traffic decides the weights of the same imports as before, whatever they are. */
export const decidesTheSame = (before: ImportWeights, now: ImportWeights): boolean =>
  before.size === now.size && [...now.keys()].every((name) => before.has(name));
