/** @module Whole amounts as the scheduler books them, without loss: milli-CPU, bytes, devices. */
import type { Amounts } from './node.ts';
import type { ExactAmounts } from './pod-request.ts';

const nanosPerUnit = 1_000_000_000n;
const nanosPerMilli = 1_000_000n;

/** An exact amount in booked units, rounded up (`MilliValue` for cpu, `Value` for the rest). */
export const bookedUnits = (resource: string, nanos: bigint): bigint => {
  const unit = resource === 'cpu' ? nanosPerMilli : nanosPerUnit;
  const quotient = nanos / unit;
  return nanos > 0n && quotient * unit !== nanos ? quotient + 1n : quotient;
};

/** An exact amount in booked units, rounded towards less: what is surely there. */
export const bookedFloor = (resource: string, nanos: bigint): bigint => {
  const unit = resource === 'cpu' ? nanosPerMilli : nanosPerUnit;
  const quotient = nanos / unit;
  return nanos < 0n && quotient * unit !== nanos ? quotient - 1n : quotient;
};

/** Amounts above zero in booked units, rounded up. */
export const bookedAmounts = (exact: ExactAmounts): Amounts =>
  new Map([...exact].map(([resource, nanos]) => [resource, bookedUnits(resource, nanos)] as const).filter(([, amount]) => amount > 0n));

/** True for amounts of bytes. */
export const countsBytes = (resource: string): boolean =>
  resource === 'memory' || resource === 'ephemeral-storage' || resource === 'storage' || resource.startsWith('hugepages-');

/** True for what device plugins offer: neither built in nor a page size. */
export const isDevice = (resource: string): boolean => resource.includes('/') && !resource.startsWith('kubernetes.io/');

/** True for memory as the Memory Manager sees it: ordinary pages and huge ones. */
export const isMemory = (resource: string): boolean => resource === 'memory' || resource.startsWith('hugepages-');

/** The name under which a short resource is told. */
export const boundName = (resource: string): string =>
  resource === 'nvidia.com/gpu' ? 'gpu' : resource.startsWith('hugepages-') ? 'hugepages' : resource;

/** The larger of two, and the smaller. */
export const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Adds amounts to sums. */
export const addAmounts = (sums: Map<string, bigint>, more: Amounts): void => {
  for (const [resource, amount] of more) sums.set(resource, (sums.get(resource) ?? 0n) + amount);
};

/** Raises sums to at least these amounts. */
export const raiseAmounts = (sums: Map<string, bigint>, floor: Amounts): void => {
  for (const [resource, amount] of floor) if (amount > (sums.get(resource) ?? 0n)) sums.set(resource, amount);
};
