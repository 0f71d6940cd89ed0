/** @module Faults of requests and limits (kubernetes `validateResourceRequirements`). */
import { type Fault, forbidden, invalid, invalidEach, qualifiedName, required } from '../../names/index.ts';
import { compareQuantity } from '../../quantity/index.ts';
import { quantityOrZero } from '../amounts.ts';
import { objectAt } from '../read.ts';
import { nonNegativeQuantity, wholeQuantity } from './numbers.ts';

const standardResources: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
]);
const containerResources: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);
const countedResources: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);
const nativePrefix = 'kubernetes.io/';
const hugePagesPrefix = 'hugepages-';

const isNative = (name: string): boolean => !name.includes('/') || name.includes(nativePrefix);
const isHugePages = (name: string): boolean => name.startsWith(hugePagesPrefix);
const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0;
const isCounted = (name: string): boolean => countedResources.has(name) || isExtended(name);
/** True for a resource of which limits may be more than requests. */
export const isOvercommitAllowed = (name: string): boolean => isNative(name) && !isHugePages(name);

/** Faults of a resource's name anywhere. */
export const resourceNameFaults = (name: string, field: string): Fault[] => {
  const faults = invalidEach(field, name, qualifiedName(name));
  if (faults.length > 0 || name.includes('/') || standardResources.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-'))
    return faults;
  return [invalid(field, name, 'must be a standard resource type or fully qualified')];
};

/** Faults of the name of a resource that a container asks for. */
export const containerResourceNameFaults = (name: string, field: string): Fault[] => {
  const faults = resourceNameFaults(name, field);
  if (!name.includes('/')) {
    if (!containerResources.has(name) && !isHugePages(name))
      faults.push(invalid(field, name, 'must be a standard resource for containers'));
  } else if (!isNative(name) && !isExtended(name)) faults.push(invalid(field, name, "doesn't follow extended resource name standard"));
  return faults;
};

/** Faults of an amount of a resource: not negative, and whole when the resource is counted. */
export const resourceAmountFaults = (name: string, value: unknown, field: string): Fault[] => {
  const quantity = quantityOrZero(value);
  return [...nonNegativeQuantity(quantity, field), ...(isCounted(name) ? wholeQuantity(quantity, field) : [])];
};

const requestFaults = (name: string, value: unknown, limits: object, field: string): Fault[] => {
  const limit = Object.hasOwn(limits, name) ? (limits as Record<string, unknown>)[name] : undefined;
  if (limit === undefined) {
    return isOvercommitAllowed(name) ? [] : [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')];
  }
  const [asked, most] = [quantityOrZero(value), quantityOrZero(limit)];
  const order = compareQuantity(asked, most);
  if (order !== 0 && !isOvercommitAllowed(name))
    return [invalid(`${field}.requests`, asked.text, `must be equal to ${name} limit of ${most.text}`)];
  return order > 0 ? [invalid(`${field}.requests`, asked.text, `must be less than or equal to ${name} limit of ${most.text}`)] : [];
};

/** Faults of a container's `resources`; `field` is their path. */
export const resourceFaults = (resources: unknown, field: string): Fault[] => {
  const limits = objectAt(resources, 'limits');
  const requests = objectAt(resources, 'requests');
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(limits)) {
    const path = `${field}.limits[${name}]`;
    faults.push(...containerResourceNameFaults(name, path), ...resourceAmountFaults(name, value, path));
  }
  for (const [name, value] of Object.entries(requests)) {
    const path = `${field}.requests[${name}]`;
    faults.push(
      ...containerResourceNameFaults(name, path),
      ...resourceAmountFaults(name, value, path),
      ...requestFaults(name, value, limits, field),
    );
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    faults.push(forbidden(field, 'HugePages require cpu or memory'));
  }
  return faults;
};
