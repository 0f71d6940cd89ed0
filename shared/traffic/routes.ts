/**
 * @module Weights in HTTPRoutes and GRPCRoutes (Gateway API v1): only `weight` of backends that are imports of one cluster. The lists in routes
 * are atomic, so that server-side apply of one weight would take the whole rule over; a JSON patch that tests what it touches does not.
 */
import { mcsGroup } from '../api/mcs.ts';
import type { KubeObject } from '../kube/object.ts';
import { bagOf, bagsOf, textOf } from '../lib/fields.ts';

/** A backend of a route that is an import: where it is, what it weighs. `at` counts all backends of the rule. */
export type ImportBackend = { readonly at: number; readonly namespace: string; readonly name: string; readonly weight: number };

/** The import backends of a route by rule; rules without any are left out. */
export type RouteBackends = readonly { readonly rule: number; readonly backends: readonly ImportBackend[] }[];

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

/**
 * The patch that gives the backends their weights; empty = they have them. `weightOf` answers undefined for imports that are not of one
 * cluster: their rule is left alone. A rule whose weights would all be zero keeps those it has.
 */
export const routePatch = (
  route: RouteBackends,
  weightOf: (namespace: string, name: string) => number | undefined,
): readonly RouteOperation[] =>
  route.flatMap(({ rule, backends }) => {
    const wanted = backends.map((backend) => ({ ...backend, next: weightOf(backend.namespace, backend.name) }));
    if (wanted.some(({ next }) => next === undefined) || wanted.every(({ next }) => next === 0)) return [];
    if (wanted.every(({ weight, next }) => weight === next)) return [];
    return wanted.flatMap(({ at, name, next }): RouteOperation[] => {
      const path = `/spec/rules/${rule}/backendRefs/${at}`;
      // Somebody may have changed the route meanwhile: then nothing of the patch holds.
      return [
        { op: 'test', path: `${path}/name`, value: name },
        { op: 'add', path: `${path}/weight`, value: next },
      ];
    });
  });
