/**
 * @module Weights in HTTPRoutes and GRPCRoutes (Gateway API v1): only `weight` of backends that are imports of one cluster. The lists in routes
 * are atomic, so that server-side apply of one weight would take the whole rule over; a JSON patch that tests what it touches does not.
 */
import { mcsGroup } from '../api/mcs.ts';
import { type KubeObject, parseApiVersion } from '../kube/object.ts';
import { bagOf, bagsOf, textOf } from '../lib/fields.ts';

/** A backend of a route that is an import: where it is, what it weighs. `at` counts all backends of the rule. */
export type ImportBackend = { readonly at: number; readonly namespace: string; readonly name: string; readonly weight: number };

/** The import backends of a route by rule; rules without any are left out. */
export type RouteBackends = readonly { readonly rule: number; readonly backends: readonly ImportBackend[] }[];

/** What backends weigh, by the import's `namespace/name`; imports that are not here are not of one cluster. */
export type ImportWeights = ReadonlyMap<string, number>;

/** One operation of a JSON patch. */
export type RouteOperation = { readonly op: 'test' | 'add'; readonly path: string; readonly value: unknown };

/** Reads a route. */
export const importBackendsOf = (route: KubeObject): RouteBackends =>
  bagsOf(bagOf(route.spec).rules).flatMap((rule, index) => {
    const backends = (Array.isArray(rule.backendRefs) ? rule.backendRefs : []).flatMap((value: unknown, at): ImportBackend[] => {
      const ref = bagOf(value);
      if (ref.group !== mcsGroup || ref.kind !== 'ServiceImport') return [];
      const namespace = textOf(ref.namespace) || (route.metadata.namespace ?? '');
      return [{ at, namespace, name: textOf(ref.name), weight: typeof ref.weight === 'number' ? ref.weight : 1 }];
    });
    return backends.length === 0 ? [] : [{ rule: index, backends }];
  });

const kinds: ReadonlySet<string> = new Set(['HTTPRoute', 'GRPCRoute']);

/** True for the kinds whose weights are set. */
export const isRoute = ({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): boolean =>
  kinds.has(kind) && parseApiVersion(apiVersion).group === 'gateway.networking.k8s.io';

/** True when traffic sets the weights of a rule: when all its import backends are imports of one cluster. */
const isWeighed = (backends: readonly ImportBackend[], weights: ImportWeights): boolean =>
  backends.every(({ namespace, name }) => weights.has(`${namespace}/${name}`));

/** The rules whose weights traffic leaves alone. */
export const unweighed = (route: RouteBackends, weights: ImportWeights): RouteBackends =>
  route.filter(({ backends }) => !isWeighed(backends, weights));

/** What the backends of the rules shall weigh. A rule whose weights would all be zero keeps those it has in `present`. */
const wantedOf = (route: RouteBackends, weights: ImportWeights, present: RouteBackends): RouteBackends =>
  route.flatMap(({ rule, backends }) => {
    if (!isWeighed(backends, weights)) return [];
    const next = backends.map((backend) => ({ ...backend, weight: weights.get(`${backend.namespace}/${backend.name}`) ?? 0 }));
    if (next.some(({ weight }) => weight > 0)) return [{ rule, backends: next }];
    const kept = present.find((other) => other.rule === rule)?.backends ?? [];
    const keptOf = ({ at, namespace, name, weight }: ImportBackend): number =>
      kept.find((other) => other.at === at && other.namespace === namespace && other.name === name)?.weight ?? weight;
    return [{ rule, backends: backends.map((backend) => ({ ...backend, weight: keptOf(backend) })) }];
  });

/** The patch that gives the backends their weights; empty = they have them. */
export const routePatch = (route: RouteBackends, weights: ImportWeights): readonly RouteOperation[] =>
  wantedOf(route, weights, route).flatMap(({ rule, backends }) => {
    const before = route.find((other) => other.rule === rule)?.backends ?? [];
    if (backends.every(({ weight }, at) => weight === before[at]?.weight)) return [];
    return backends.flatMap(({ at, name, weight }): RouteOperation[] => {
      const path = `/spec/rules/${rule}/backendRefs/${at}`;
      // Somebody may have changed the route meanwhile: then nothing of the patch holds.
      return [
        { op: 'test', path: `${path}/name`, value: name },
        { op: 'add', path: `${path}/weight`, value: weight },
      ];
    });
  });

/** A copy of a route in which import backends weigh what `weightOf` says; undefined = as they are. */
const withWeights = (route: KubeObject, weightOf: (rule: number, at: number) => number | undefined): KubeObject => {
  const rules = bagsOf(bagOf(route.spec).rules).map((rule, index) => {
    if (!Array.isArray(rule.backendRefs)) return rule;
    const backendRefs = rule.backendRefs.map((ref: unknown, at) => {
      const weight = weightOf(index, at);
      return weight === undefined ? ref : { ...bagOf(ref), weight };
    });
    return { ...rule, backendRefs };
  });
  return { ...route, spec: { ...bagOf(route.spec), rules } };
};

/**
 * The route as it is to be applied where its weights are traffic's: whoever writes the whole route writes them as they are now, and never gives
 * a dead cluster its share back. `present`: the route as the cluster has it.
 */
export const weighedRoute = (route: KubeObject, weights: ImportWeights, present: RouteBackends = []): KubeObject => {
  const wanted = new Map(
    wantedOf(importBackendsOf(route), weights, present).flatMap(({ rule, backends }) =>
      backends.map(({ at, weight }) => [`${rule}/${at}`, weight] as const),
    ),
  );
  return wanted.size === 0 ? route : withWeights(route, (rule, at) => wanted.get(`${rule}/${at}`));
};

/** The route with the weights of its import backends made alike: equal as long as nobody changed anything else. */
export const levelledRoute = (route: KubeObject): KubeObject => {
  const imports = new Set(importBackendsOf(route).flatMap(({ rule, backends }) => backends.map(({ at }) => `${rule}/${at}`)));
  return imports.size === 0 ? route : withWeights(route, (rule, at) => (imports.has(`${rule}/${at}`) ? 0 : undefined));
};
