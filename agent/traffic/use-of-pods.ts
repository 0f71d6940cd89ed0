/** @module What ready pods use of the CPU that they request, from the pods and what metrics.k8s.io says of them. Pure. */
import { isCondition } from '../../shared/kube/conditions.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { parseQuantity } from '../../shared/kube/quantity/index.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { type Bag, bagOf, bagsOf } from '../../shared/lib/fields.ts';
import { useLimits } from '../../shared/traffic/index.ts';
import type { ServiceReport } from '../../shared/wire/index.ts';

/** The part of a report that tells the use; empty = unknown. */
export type ServiceUse = Pick<ServiceReport, 'use' | 'unmeasured'>;

/** Of so many pods the use is counted: it is a ratio, and more of them would not move it. */
const podsMax = 2_000;
/** More than any node gives over a request: what is above it is told as this. */
const perMilleMax = 100_000;

const isReady = (pod: KubeObject): boolean =>
  pod.metadata.deletionTimestamp === undefined && bagOf(pod.status).phase === 'Running' && isCondition(pod, 'Ready');

const nanosOf = (amount: unknown): bigint | undefined => {
  const parsed = typeof amount === 'string' || typeof amount === 'number' ? parseQuantity(amount) : undefined;
  return parsed?.ok === true ? parsed.value.nanos : undefined;
};

/** The sum, or undefined where one is missing: a part of an amount is none. */
const sumOf = (amounts: readonly (bigint | undefined)[]): bigint | undefined =>
  amounts.reduce((sum, amount) => (sum === undefined || amount === undefined ? undefined : sum + amount), 0n);

const requestOf = (container: Bag): bigint | undefined => nanosOf(bagOf(bagOf(container.resources).requests).cpu);

/** What a pod requests as long as it runs: its own request, or that of all its containers; undefined when one of them has none. */
const podRequest = ({ spec }: KubeObject): bigint | undefined => {
  const { containers, initContainers } = bagOf(spec);
  const sidecars = bagsOf(initContainers).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return requestOf(bagOf(spec)) ?? sumOf([...bagsOf(containers), ...sidecars].map(requestOf));
};

type Sample = { readonly nanos: bigint; readonly atMs: number };

/** What was measured of a pod; undefined when it cannot be read or is old. */
const sampleOf = (metrics: KubeObject, nowMs: number): Sample | undefined => {
  const atMs = typeof metrics.timestamp === 'string' ? Date.parse(metrics.timestamp) : Number.NaN;
  const containers = bagsOf(metrics.containers);
  const nanos = sumOf(containers.map(({ usage }) => nanosOf(bagOf(usage).cpu)));
  if (!(nowMs - atMs <= useLimits.ageMaxMs) || containers.length === 0 || nanos === undefined || nanos < 0n) return undefined;
  return { nanos, atMs: Math.min(atMs, nowMs) };
};

/**
 * The use of these pods. Pods without a sample are left out; where they are more than half, and where none is ready, the use is unknown. As for
 * a HorizontalPodAutoscaler, each container must request CPU.
 */
export const useOfPods = (pods: readonly KubeObject[], metrics: readonly KubeObject[], nowMs: number): ServiceUse => {
  const ready = pods
    .filter(isReady)
    .sort((a, b) => compareText(a.metadata.name, b.metadata.name))
    .slice(0, podsMax);
  const byName = new Map(metrics.map((one) => [one.metadata.name, one]));
  const measured = ready.flatMap((pod) => {
    const found = byName.get(pod.metadata.name);
    const sample = found === undefined ? undefined : sampleOf(found, nowMs);
    return sample === undefined ? [] : [{ ...sample, request: podRequest(pod) }];
  });
  if (measured.length === 0 || measured.length * 2 < ready.length) return {};
  const requested = sumOf(measured.map(({ request }) => request));
  if (requested === undefined || requested <= 0n) return { unmeasured: 'NoRequests' };
  const used = measured.reduce((sum, { nanos }) => sum + nanos, 0n);
  const perMille = (used * 1_000n + requested / 2n) / requested;
  return {
    use: {
      cpuPerMille: perMille > BigInt(perMilleMax) ? perMilleMax : Number(perMille),
      atMs: measured.reduce((oldest, { atMs }) => Math.min(oldest, atMs), nowMs),
    },
  };
};
