/** @module What one replica asks of a node, taken from a pod template: the key under which fits are kept. */
import type { Bag } from '../lib/fields.ts';
import { countsBytes } from './amounts.ts';
import { type PodDemand, podDemandOf } from './demand.ts';
import type { Amounts } from './node.ts';
import type { NodeDemand } from './node-match.ts';
import { termSelects } from './pod-terms.ts';

/** One replica's demand. Two shapes with the same `key` are the same. */
export type PodShape = NodeDemand & {
  readonly key: string;
  /** Namespace and labels: what quota, and pods that run, look at. Not part of `key` unless the shape has terms about pods. */
  readonly who: { readonly namespace: string; readonly labels: string };
  /** Amounts above zero by resource name, sorted; canonical units rounded up (milli-CPU, MiB, devices). */
  readonly requests: readonly (readonly [resource: string, amount: number])[];
  readonly runtimeClassName: string | undefined;
  /** The policy asks that devices and exclusive cores of a replica come from one NUMA zone; absent = as the kubelet does it. */
  readonly numaSingleNode?: boolean;
  /** Replicas that one node may hold: 1 with host ports or anti-affinity to itself by host. */
  readonly perNodeMax: number;
  /** False when terms are in play that no count knows: it is an estimate. */
  readonly exact: boolean;
  /** Everything else the template says, exactly. The fields above stand in for its own where a policy has changed them. */
  readonly demand: PodDemand;
};

const unlimited = Number.MAX_SAFE_INTEGER;
const mebibyte = 1_048_576n;

/** Booked amounts in canonical units, rounded up. */
const canonicalUp = (amounts: Amounts): (readonly [string, number])[] =>
  [...amounts]
    .map(([resource, amount]) => [resource, Number(countsBytes(resource) ? (amount + mebibyte - 1n) / mebibyte : amount)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** True when amounts of bytes are whole MiB, as reports count them. */
const isWholeMebibytes = (amounts: Amounts): boolean =>
  [...amounts].every(([resource, amount]) => !countsBytes(resource) || amount % mebibyte === 0n);

const listOf = (amounts: Amounts): (readonly [string, string])[] => [...amounts].map(([resource, amount]) => [resource, String(amount)]);

/** One text for equal demands. JSON has no Maps and no large integers: they are written first, which a replacer would do field by field. */
const demandText = (demand: Omit<PodDemand, 'labels' | 'namespace'>): string =>
  JSON.stringify({
    ...demand,
    requests: listOf(demand.requests),
    limits: listOf(demand.limits),
    podLevel: demand.podLevel && listOf(demand.podLevel),
    containers: demand.containers.map(({ role, requests }) => [role, listOf(requests)]),
    vgpus: demand.vgpus.map((ask) => Object.values(ask).map(String)),
  });

const shapeOf = (demand: PodDemand): PodShape => {
  const { tolerations, nodeSelector, nodeTerms, runtimeClassName } = demand;
  const { labels, namespace, ...rest } = demand;
  const meetsPods = demand.affinity.length + demand.antiAffinity.length + demand.spread.length > 0;
  const apart = demand.antiAffinity.some(
    (term) => term.topologyKey === 'kubernetes.io/hostname' && termSelects(term, namespace, demand, new Map()),
  );
  return {
    key: demandText(meetsPods || demand.networks.length > 0 ? demand : rest),
    who: { namespace, labels: JSON.stringify(labels) },
    requests: canonicalUp(demand.requests),
    tolerations,
    nodeSelector,
    nodeTerms,
    runtimeClassName,
    perNodeMax: demand.ports.length > 0 || apart ? 1 : unlimited,
    exact: demand.doubts.length === 0 && demand.claims.every(({ spec }) => spec !== undefined) && isWholeMebibytes(demand.requests),
    demand,
  };
};

/**
 * The shape of a pod spec (of a template); `metadata` is the template's. A request that cannot be read counts as none.
 *
 * @example
 * podShapeOf({ containers: [{ resources: { requests: { cpu: '500m' } } }] }).requests // [['cpu', 500]]
 */
export const podShapeOf = (podSpec: unknown, metadata?: unknown): PodShape => shapeOf(podDemandOf({ spec: podSpec, metadata }));

/** The shape with the specs of the claims that each replica makes; `specOf` answers by the name of the template in the shape's namespace. */
export const withClaims = (shape: PodShape, specOf: (template: string) => Bag | undefined): PodShape => {
  const { claims } = shape.demand;
  if (claims.length === 0) return shape;
  const told = claims.map(({ template }) => ({ template, spec: template === undefined ? undefined : specOf(template) }));
  return shapeOf({ ...shape.demand, claims: told });
};

/** Goes wherever there is room. */
const everywhere: NodeDemand['tolerations'] = [{ operator: 'Exists' }];

/** A shape of plain amounts in canonical units, for demand of which nothing else is known: by default it tolerates every taint. */
export const plainShape = (amounts: Readonly<Record<string, number>>, tolerations = everywhere): PodShape => {
  const requests = new Map(
    Object.entries(amounts)
      .filter(([resource, amount]) => amount > 0 && resource !== 'pods')
      .map(([resource, amount]) => [resource, BigInt(Math.ceil(amount)) * (countsBytes(resource) ? mebibyte : 1n)] as const),
  );
  return shapeOf({ ...podDemandOf({ spec: { tolerations } }), requests });
};
