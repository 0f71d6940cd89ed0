/** @module Faults of amounts in objects from outside: each names the field and how to mend it. */
import { parseQuantity } from '../kube/quantity/index.ts';
import { type Bag, bagOf, bagsOf } from '../lib/fields.ts';
import { exactAmounts } from './pod-request.ts';

/** What is wrong with one amount; undefined when nothing is. */
export const quantityFault = (value: unknown, path: string): string | undefined => {
  if (value === undefined || value === null) return `${path}: the amount is missing; write it as 500m, 2 or 1.5Gi`;
  const shown = typeof value === 'string' ? JSON.stringify(value) : typeof value === 'number' ? String(value) : typeof value;
  const quantity = typeof value === 'string' || typeof value === 'number' ? parseQuantity(value) : undefined;
  if (quantity === undefined || !quantity.ok) return `${path}: ${shown} is no quantity; write it as 500m, 2 or 1.5Gi`;
  return quantity.value.nanos < 0n ? `${path}: ${shown} is negative; an amount is zero or more` : undefined;
};

/** The first fault of a resource list such as `status.allocatable`. */
export const amountsFault = (list: unknown, path: string): string | undefined => {
  for (const [resource, value] of Object.entries(bagOf(list))) {
    const fault = quantityFault(value, `${path}[${resource}]`);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

/** True for what nodes offer beside the built-in resources (apis/core/helper IsExtendedResourceName). */
const isExtended = (resource: string): boolean => resource.includes('/') && !resource.includes('kubernetes.io/');

/** What no API server takes in one `resources`, beyond single amounts (core validation ValidateResourceRequirements). */
const requirementsFault = (resources: Bag, path: string): string | undefined => {
  const [requests, limits] = [bagOf(resources.requests), bagOf(resources.limits)];
  for (const [field, list] of [
    ['requests', requests],
    ['limits', limits],
  ] as const) {
    for (const [resource, nanos] of exactAmounts(list))
      if (isExtended(resource) && nanos % 1_000_000_000n !== 0n)
        return `${path}.${field}[${resource}]: ${JSON.stringify(list[resource])} is no whole number; devices are not divided`;
  }
  const most = exactAmounts(limits);
  for (const [resource, nanos] of exactAmounts(requests)) {
    const limit = most.get(resource);
    if (limit === undefined || nanos === limit) continue;
    const [asked, allowed] = [requests[resource], limits[resource]].map((value) => JSON.stringify(value));
    if (nanos > limit) return `${path}.requests[${resource}]: ${asked} is more than the limit ${allowed}`;
    if (isExtended(resource)) return `${path}.requests[${resource}]: ${asked} is not the limit ${allowed}; for devices both are the same`;
  }
  return undefined;
};

/** The first requests or limits of a pod spec whose amounts can be read and that no API server takes all the same. */
export const podRequirementsFault = (spec: unknown, path: string): string | undefined => {
  const pod = bagOf(spec);
  const faults = ['initContainers', 'containers'].flatMap((field) =>
    bagsOf(pod[field]).map((container, at) => requirementsFault(bagOf(container.resources), `${path}.${field}[${at}].resources`)),
  );
  return [requirementsFault(bagOf(pod.resources), `${path}.resources`), ...faults].find((fault) => fault !== undefined);
};

/** The first fault among the requests and limits of a pod spec. */
export const podAmountsFault = (spec: unknown, path: string): string | undefined => {
  const pod = bagOf(spec);
  const lists: [unknown, string][] = [
    [bagOf(pod.resources).requests, `${path}.resources.requests`],
    [bagOf(pod.resources).limits, `${path}.resources.limits`],
    [pod.overhead, `${path}.overhead`],
  ];
  for (const field of ['initContainers', 'containers']) {
    const containers = pod[field];
    if (!Array.isArray(containers)) continue;
    containers.forEach((container, at) => {
      const resources = bagOf(bagOf(container).resources);
      lists.push([resources.requests, `${path}.${field}[${at}].resources.requests`]);
      lists.push([resources.limits, `${path}.${field}[${at}].resources.limits`]);
    });
  }
  for (const [list, at] of lists) {
    const fault = amountsFault(list, at);
    if (fault !== undefined) return fault;
  }
  return undefined;
};
