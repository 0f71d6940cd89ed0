/** @module What one replica asks of a node, taken from a pod template: the key under which fits are kept. */
import type { NodeDemand, NodeTerm } from './node-match.ts';
import { podRequests } from './pod-request.ts';
import type { TolerationLike } from './taints.ts';

/** One replica's demand. Two shapes with the same `key` are the same. */
export type PodShape = NodeDemand & {
  readonly key: string;
  /** Amounts above zero by resource name, sorted; canonical units rounded up (milli-CPU, MiB, devices). */
  readonly requests: readonly (readonly [resource: string, amount: number])[];
  readonly runtimeClassName: string | undefined;
  /** Replicas that one node may hold: 1 with host ports or anti-affinity to itself by host. */
  readonly perNodeMax: number;
  /** False when terms are in play that this count does not know: it is a lower or upper estimate. */
  readonly exact: boolean;
  /** True when a policy asks that devices and exclusive cores come from one NUMA node, whatever the kubelet's policy. */
  readonly numaSingleNode?: boolean;
};

type Bag = { readonly [field: string]: unknown };
const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);
const bag = (value: unknown): Bag => (isBag(value) ? value : {});
const items = (value: unknown): readonly Bag[] => (Array.isArray(value) ? value.filter(isBag) : []);
const unlimited = Number.MAX_SAFE_INTEGER;

const hasHostPort = (spec: Bag): boolean =>
  [...items(spec.containers), ...items(spec.initContainers)].some((container) =>
    items(container.ports).some((port) => Number(port.hostPort ?? (spec.hostNetwork === true ? port.containerPort : 0)) > 0),
  );

const keepsApart = (spec: Bag): boolean =>
  items(bag(bag(spec.affinity).podAntiAffinity).requiredDuringSchedulingIgnoredDuringExecution).some(
    (term) => term.topologyKey === 'kubernetes.io/hostname',
  );

const otherPodTerms = (spec: Bag): boolean =>
  items(spec.topologySpreadConstraints).some((rule) => rule.whenUnsatisfiable === 'DoNotSchedule') ||
  items(bag(bag(spec.affinity).podAffinity).requiredDuringSchedulingIgnoredDuringExecution).length > 0;

const nodeTermsOf = (spec: Bag): readonly NodeTerm[] | undefined => {
  const required = bag(bag(spec.affinity).nodeAffinity).requiredDuringSchedulingIgnoredDuringExecution;
  return isBag(required) ? (items(required.nodeSelectorTerms) as readonly NodeTerm[]) : undefined;
};

const textMap = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(bag(value)).flatMap(([key, item]) => (typeof item === 'string' ? [[key, item]] : [])));

/**
 * The shape of a pod spec (of a template). A request that cannot be read is left to {@link podRequests}.
 *
 * @example
 * podShapeOf({ containers: [{ resources: { requests: { cpu: '500m' } } }] }).requests // [['cpu', 500]]
 */
export const podShapeOf = (podSpec: unknown): PodShape => {
  const spec = bag(podSpec);
  const requests = Object.entries(podRequests(spec))
    .map(([resource, amount]) => [resource, Number(amount)] as const)
    .filter(([resource, amount]) => amount > 0 && resource !== 'pods')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const demand = {
    requests,
    tolerations: items(spec.tolerations) as readonly TolerationLike[],
    nodeSelector: textMap(spec.nodeSelector),
    nodeTerms: nodeTermsOf(spec),
    runtimeClassName: typeof spec.runtimeClassName === 'string' ? spec.runtimeClassName : undefined,
    perNodeMax: hasHostPort(spec) || keepsApart(spec) ? 1 : unlimited,
    exact: !otherPodTerms(spec),
  };
  return { ...demand, key: JSON.stringify(demand) };
};

/** A shape of plain amounts, for demand of which nothing else is known. */
export const plainShape = (amounts: Readonly<Record<string, number>>): PodShape => {
  const requests = Object.entries(amounts)
    .filter(([resource, amount]) => amount > 0 && resource !== 'pods')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const demand = {
    requests,
    tolerations: [{ operator: 'Exists' }],
    nodeSelector: {},
    nodeTerms: undefined,
    runtimeClassName: undefined,
    perNodeMax: unlimited,
    exact: true,
  };
  return { ...demand, key: JSON.stringify(demand) };
};
