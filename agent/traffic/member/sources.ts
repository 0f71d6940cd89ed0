/** @module What traffic reads of its member: which resources, in which versions. */
import { trafficLabel, trafficManager } from '../../../shared/traffic/index.ts';
import type { ServedApi } from '../../../shared/wire/index.ts';
import type { OwnedResource } from '../canonical.ts';

/** What the sources are called. */
export type SourceName =
  | 'serviceexports'
  | 'services'
  | 'endpointslices'
  | 'serviceimports'
  | 'gateways'
  | 'httproutes'
  | 'grpcroutes'
  | 'dnsendpoints';

/** A resource to read; of its versions the first that is served is read. */
export type Source = {
  readonly name: SourceName;
  readonly group: string;
  readonly versions: readonly string[];
  readonly labelSelector?: string;
};

const mcs = { group: 'multicluster.x-k8s.io', versions: ['v1beta1', 'v1alpha1'] };
const gatewayApi = { group: 'gateway.networking.k8s.io', versions: ['v1'] };
const ours = `${trafficLabel}=${trafficManager}`;

/** All of them. */
export const sources: readonly Source[] = [
  { name: 'serviceexports', ...mcs },
  { name: 'serviceimports', ...mcs },
  { name: 'services', group: '', versions: ['v1'] },
  { name: 'endpointslices', group: 'discovery.k8s.io', versions: ['v1'] },
  { name: 'gateways', ...gatewayApi },
  { name: 'httproutes', ...gatewayApi },
  { name: 'grpcroutes', ...gatewayApi },
  { name: 'dnsendpoints', group: 'externaldns.k8s.io', versions: ['v1alpha1'], labelSelector: ours },
];

/** True when traffic owns objects of the resource. */
export const isOwned = (name: SourceName): name is OwnedResource =>
  name === 'services' || name === 'serviceimports' || name === 'endpointslices' || name === 'dnsendpoints';

/** The version to read; undefined = none is served. */
export const servedVersion = ({ name, group, versions }: Source, served: readonly ServedApi[]): string | undefined =>
  versions.find((version) =>
    served.some(({ groupVersion, resource }) => resource === name && groupVersion === (group === '' ? version : `${group}/${version}`)),
  );
