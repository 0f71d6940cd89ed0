/** @module Faults of ResourceQuotas (kubernetes `ValidateResourceQuota`). */
import { type Fault, invalid } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { at, type Json, namesAt, objectAt } from '../read.ts';
import { resourceAmountFaults, resourceNameFaults } from './resources.ts';

const podResources = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const quotaResources: ReadonlySet<string> = new Set([
  ...podResources,
  'ephemeral-storage',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.ephemeral-storage',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);

/** Which resources a scope can count. */
const scopeResources: Readonly<Record<string, readonly string[]>> = {
  Terminating: podResources,
  NotTerminating: podResources,
  NotBestEffort: podResources,
  PriorityClass: podResources,
  CrossNamespacePodAffinity: podResources,
  BestEffort: ['pods'],
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
};
const scopesApart = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
];

const isQuotaResource = (name: string): boolean =>
  quotaResources.has(name) || name.startsWith('hugepages-') || name.startsWith('requests.hugepages-');

const nameFaults = (name: string, field: string): Fault[] => {
  const faults = resourceNameFaults(name, field);
  return name.includes('/') || isQuotaResource(name) ? faults : [...faults, invalid(field, name, 'must be a standard resource for quota')];
};

const scopeFaults = (spec: Json): Fault[] => {
  const scopes = namesAt(spec, 'scopes');
  const limited = Object.keys(objectAt(spec, 'hard')).sort();
  const fault = (text: string): Fault => invalid('spec.scopes', scopes, text);
  const faults = scopes.flatMap((scope) => {
    const counted = Object.hasOwn(scopeResources, scope) ? scopeResources[scope] : undefined;
    if (counted === undefined) return [fault('unsupported scope')];
    return limited
      .filter((name) => isQuotaResource(name) && !counted.includes(name))
      .map(() => fault('unsupported scope applied to resource'));
  });
  const conflicts = scopesApart.filter((pair) => pair.every((scope) => scopes.includes(scope)));
  return [...faults, ...conflicts.map(() => fault('conflicting scopes'))];
};

/** Faults of a quota's spec. */
export const quotaFaults = (object: KubeObject): Fault[] => {
  const spec = objectAt(object, 'spec');
  const amounts = Object.entries(objectAt(spec, 'hard')).flatMap(([name, value]) => [
    ...nameFaults(name, `spec.hard[${name}]`),
    ...resourceAmountFaults(name, value, `spec.hard[${name}]`),
  ]);
  return [...amounts, ...scopeFaults(spec)];
};

/** Faults of a changed quota: its scopes stay, in whatever order. */
export const quotaUpdateFaults = (object: KubeObject, old: KubeObject): Fault[] => {
  const [next, before] = [new Set(namesAt(object, 'spec', 'scopes')), new Set(namesAt(old, 'spec', 'scopes'))];
  const isSame = next.size === before.size && [...next].every((scope) => before.has(scope));
  const scopes = at(object, 'spec', 'scopes') ?? null;
  return [...quotaFaults(object), ...(isSame ? [] : [invalid('spec.scopes', scopes, 'field is immutable')])];
};
