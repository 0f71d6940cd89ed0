/** @module Faults of amounts in objects from outside: each names the field and how to mend it. */
import { parseQuantity } from '../kube/quantity/index.ts';
import { bagOf } from '../lib/fields.ts';

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
