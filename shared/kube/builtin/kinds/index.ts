/** @module The hand-written parts of all kinds, by group and resource. */
import type { KindParts } from '../kind.ts';
import { configKinds } from './config.ts';
import { fieldsByResource } from './fields.ts';
import { jobKinds } from './jobs.ts';
import { networkKinds } from './network.ts';
import { otherKinds } from './others.ts';
import { podKinds } from './pods.ts';
import { policyKinds } from './policies.ts';
import { rbacKinds } from './rbac.ts';
import { type ServiceAddresses, serviceKind } from './services.ts';
import { storageKinds } from './storage.ts';
import { workloadKinds } from './workloads.ts';

const kinds: Readonly<Record<string, KindParts>> = {
  ...configKinds,
  ...jobKinds,
  ...networkKinds,
  ...otherKinds,
  ...podKinds,
  ...policyKinds,
  ...rbacKinds,
  ...storageKinds,
  ...workloadKinds,
};

/** The parts of a kind: those of this version when it has its own, else those of the resource, else none. */
export const kindParts = (group: string, version: string, resource: string, addresses?: ServiceAddresses): KindParts => {
  const key = `${group}/${resource}`;
  const parts = key === '/services' ? serviceKind(addresses) : (kinds[`${group}/${version}/${resource}`] ?? kinds[key] ?? {});
  const selectableFields = fieldsByResource[key];
  return selectableFields === undefined ? parts : { ...parts, selectableFields };
};
