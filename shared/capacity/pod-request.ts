/**
 * @module What a pod takes from a node, exactly as the scheduler counts it (kubernetes/component-helpers `resource/helpers.go`, PodRequests;
 * KEP-753 sidecars, KEP-2837 pod-level resources, KEP-1287 in-place resize).
 */
import { parseQuantity } from '../kube/quantity/index.ts';

/** Exact amounts by resource name, in 10^-9 of the resource's unit (core, byte, device). */
export type ExactAmounts = ReadonlyMap<string, bigint>;

type Fields = { readonly [field: string]: unknown };
type Sums = Map<string, bigint>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);

const nanosPerUnit = 1_000_000_000n;
const nanosPerMebibyte = nanosPerUnit * 1_048_576n;

/** Nanos of one canonical unit: milli-CPU for `cpu`, MiB for amounts of bytes, one for everything else. */
const canonicalNanos = (resource: string): bigint => {
  if (resource === 'cpu') return 1_000_000n;
  if (resource === 'memory' || resource === 'ephemeral-storage' || resource === 'storage' || resource.startsWith('hugepages-')) {
    return nanosPerMebibyte;
  }
  return nanosPerUnit;
};

/** An exact amount in canonical units, rounded down (towards less): what is surely there. */
export const canonicalFloor = (resource: string, nanos: bigint): number => {
  const unit = canonicalNanos(resource);
  const quotient = nanos / unit;
  return Number(nanos < 0n && quotient * unit !== nanos ? quotient - 1n : quotient);
};

/** An exact amount in canonical units, rounded up: what is surely enough. */
export const canonicalCeil = (resource: string, nanos: bigint): number => {
  const unit = canonicalNanos(resource);
  const quotient = nanos / unit;
  return Number(nanos > 0n && quotient * unit !== nanos ? quotient + 1n : quotient);
};

/**
 * An exact amount as the scheduler books it for each pod: milli-CPU, whole bytes, whole devices, rounded up (`MilliValue`, `Value`). Sums
 * over pods are made of these and rounded to canonical units once, at the end.
 */
export const bookedAmount = (resource: string, nanos: bigint): number => {
  const unit = resource === 'cpu' ? 1_000_000n : nanosPerUnit;
  const quotient = nanos / unit;
  return Number(nanos > 0n && quotient * unit !== nanos ? quotient + 1n : quotient);
};

/** A booked amount or a sum of them in canonical units, rounded down (towards less). */
export const bookedToCanonical = (resource: string, amount: number): number =>
  canonicalNanos(resource) === nanosPerMebibyte ? Math.floor(amount / 1_048_576) : amount;

/** Amounts of a resource list such as `status.allocatable`; what is no quantity is left out. */
export const exactAmounts = (list: unknown): ExactAmounts => amountsOf(list);

/** Amounts in canonical units, each rounded up, sorted by name. */
export const canonicalRequests = (amounts: ExactAmounts): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...amounts].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([resource, nanos]) => [resource, canonicalCeil(resource, nanos)]),
  );

/**
 * The requests of a pod with this spec (of a pod or of a template), in canonical units rounded up: milli-CPU, MiB, whole devices.
 * `status`: of a running pod, for in-place resize. A request that is no quantity counts as none; validation refuses it elsewhere.
 *
 * @example
 * podRequests({ containers: [{ resources: { requests: { cpu: '1', memory: '64Mi' } } }] }) // { cpu: 1000, memory: 64 }
 */
export const podRequests = (spec: unknown, status?: unknown): Readonly<Record<string, number>> =>
  canonicalRequests(exactPodRequests(spec, status));

/** As {@link podRequests}, exact. */
export const exactPodRequests = (spec: unknown, status?: unknown): ExactAmounts => {
  const pod = fieldsOf(spec);
  const running = statusesOf(status);
  const total: Sums = new Map();
  for (const container of listOf(pod.containers)) addInto(total, containerRequests(container, running));
  const sidecars: Sums = new Map();
  const initPeak: Sums = new Map();
  for (const container of listOf(pod.initContainers)) {
    if (container.restartPolicy === 'Always') {
      const requests = containerRequests(container, running);
      addInto(total, requests);
      addInto(sidecars, requests);
      raiseTo(initPeak, sidecars);
    } else {
      const phase = new Map(sidecars);
      addInto(phase, ownRequests(container));
      raiseTo(initPeak, phase);
    }
  }
  raiseTo(total, initPeak);
  setPodLevel(total, pod);
  addInto(total, amountsOf(pod.overhead));
  return total;
};

/** Pod-level requests stand in for the containers'; a pod-level limit is the request of what no container asks for, as defaulting makes it. */
const setPodLevel = (total: Sums, pod: Fields): void => {
  const { requests, limits } = fieldsOf(pod.resources);
  for (const [resource, nanos] of amountsOf(limits)) if (isPodLevel(resource) && !total.has(resource)) total.set(resource, nanos);
  for (const [resource, nanos] of amountsOf(requests)) if (isPodLevel(resource)) total.set(resource, nanos);
};

/**
 * The limits of a pod, exact (component-helpers PodLimits): app containers and sidecars together or the greatest moment of initialisation,
 * pod-level limits in their place; overhead counts where there is a limit.
 */
export const exactPodLimits = (spec: unknown): ExactAmounts => {
  const pod = fieldsOf(spec);
  const limitsOf = (container: Fields): Sums => amountsOf(fieldsOf(container.resources).limits);
  const total: Sums = new Map();
  for (const container of listOf(pod.containers)) addInto(total, limitsOf(container));
  const sidecars: Sums = new Map();
  const initPeak: Sums = new Map();
  for (const container of listOf(pod.initContainers)) {
    const limits = limitsOf(container);
    if (container.restartPolicy === 'Always') {
      addInto(total, limits);
      addInto(sidecars, limits);
      raiseTo(initPeak, sidecars);
    } else {
      const phase = new Map(sidecars);
      addInto(phase, limits);
      raiseTo(initPeak, phase);
    }
  }
  raiseTo(total, initPeak);
  for (const [resource, nanos] of amountsOf(fieldsOf(pod.resources).limits)) if (isPodLevel(resource)) total.set(resource, nanos);
  for (const [resource, nanos] of amountsOf(pod.overhead)) {
    const limit = total.get(resource) ?? 0n;
    if (limit > 0n) total.set(resource, limit + nanos);
  }
  return total;
};

/** Resources that `spec.resources` of a pod may set for the pod as a whole. */
const isPodLevel = (resource: string): boolean => resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-');

type RunningStatuses = { readonly byName: ReadonlyMap<string, Fields>; readonly infeasible: boolean };

const statusesOf = (status: unknown): RunningStatuses => {
  const fields = fieldsOf(status);
  const byName = new Map<string, Fields>();
  for (const container of [...listOf(fields.containerStatuses), ...listOf(fields.initContainerStatuses)]) {
    if (typeof container.name === 'string') byName.set(container.name, container);
  }
  const infeasible =
    fields.resize === 'Infeasible' ||
    listOf(fields.conditions).some(({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible');
  return { byName, infeasible };
};

/** What a container holds: the greatest of what is asked, what runs and what the node set aside; an impossible wish is left out. */
const containerRequests = (container: Fields, running: RunningStatuses): ExactAmounts => {
  const status = typeof container.name === 'string' ? running.byName.get(container.name) : undefined;
  if (status?.resources === undefined) return ownRequests(container);
  const held: Sums = running.infeasible ? new Map() : new Map(ownRequests(container));
  raiseTo(held, amountsOf(fieldsOf(status.resources).requests));
  raiseTo(held, amountsOf(status.allocatedResources));
  return held;
};

/** A container's requests; a limit without a request is the request, as the API server's defaulting makes it. */
export const ownRequests = (container: Fields): ExactAmounts => {
  const { requests, limits } = fieldsOf(container.resources);
  const sums = amountsOf(limits);
  for (const [resource, nanos] of amountsOf(requests)) sums.set(resource, nanos);
  return sums;
};

const amountsOf = (list: unknown): Sums => {
  const sums: Sums = new Map();
  for (const [resource, text] of Object.entries(fieldsOf(list))) {
    const nanos = nanosOf(typeof text === 'number' ? String(text) : typeof text === 'string' ? text : '');
    if (nanos !== undefined) sums.set(resource, nanos);
  }
  return sums;
};

/** Texts already read: a cluster's pods ask for the same few amounts again and again. Emptied when full. */
const knownTexts = new Map<string, bigint | undefined>();
const KNOWN_TEXTS_MAX = 4_096;

const nanosOf = (text: string): bigint | undefined => {
  const known = knownTexts.get(text);
  if (known !== undefined) return known;
  const quantity = parseQuantity(text);
  const nanos = quantity.ok ? quantity.value.nanos : undefined;
  if (knownTexts.size >= KNOWN_TEXTS_MAX) knownTexts.clear();
  knownTexts.set(text, nanos);
  return nanos;
};

const addInto = (sums: Sums, more: ExactAmounts): void => {
  for (const [resource, nanos] of more) sums.set(resource, (sums.get(resource) ?? 0n) + nanos);
};

const raiseTo = (sums: Sums, floor: ExactAmounts): void => {
  for (const [resource, nanos] of floor) if (nanos > (sums.get(resource) ?? 0n)) sums.set(resource, nanos);
};
