/** @module What one object of the member comes to for traffic. Pure. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import { bagOf, bagsOf, textOf, textsOf } from '../../../shared/lib/fields.ts';
import {
  importBackendsOf,
  type RouteBackends,
  sliceManager,
  trafficLabel,
  trafficManager,
  trafficServiceLabel,
} from '../../../shared/traffic/index.ts';
import { contentHash, type OwnedResource } from '../canonical.ts';
import { type SeenExport, type SeenService, type SeenSlice, seenExport, seenGateway, seenService, seenSlice } from '../report.ts';
import type { SourceName } from './sources.ts';

/** An object of a resource that traffic owns objects of, ours or somebody else's under a name that we might want. */
export type OwnObject = {
  readonly isOurs: boolean;
  readonly hash: string;
  readonly uid: string;
  readonly version: string;
  readonly metadata: Pick<KubeObject['metadata'], 'labels' | 'annotations'>;
  readonly owner: string | undefined;
  /** Cluster IPs of a Service. */
  readonly ips: readonly string[];
  /** Clusters in the status of a ServiceImport, and its conditions. */
  readonly clusters: readonly string[];
  readonly conditions: readonly { readonly [field: string]: unknown }[];
};

/** What one object comes to; several where an object is of use in more than one way. */
export type Item = {
  readonly own?: OwnObject;
  readonly service?: SeenService;
  readonly slice?: SeenSlice;
  readonly export?: SeenExport;
  readonly gateway?: readonly string[];
  readonly route?: RouteBackends;
};

/** `namespace/name`. */
export const keyOfObject = ({ metadata: { namespace = '', name } }: KubeObject): string => `${namespace}/${name}`;

const isOurs = ({ metadata }: KubeObject): boolean => metadata.labels?.[trafficLabel] === trafficManager;

/** An object of a resource that traffic owns objects of. */
export const ownObject = (resource: OwnedResource, object: KubeObject): OwnObject => {
  const { labels, annotations, uid = '', resourceVersion = '', ownerReferences } = object.metadata;
  const spec = bagOf(object.spec);
  return {
    isOurs: isOurs(object),
    hash: contentHash(resource, object),
    uid,
    version: resourceVersion,
    metadata: { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) },
    owner: ownerReferences?.[0]?.uid,
    ips: resource === 'services' ? (textsOf(spec.clusterIPs).length > 0 ? textsOf(spec.clusterIPs) : [textOf(spec.clusterIP)]) : [],
    clusters: resource === 'serviceimports' ? bagsOf(bagOf(object.status).clusters).map(({ cluster }) => textOf(cluster)) : [],
    conditions: resource === 'serviceimports' ? bagsOf(bagOf(object.status).conditions) : [],
  };
};

/** The item of an object; undefined = it is of no use. `isInteresting`: true for services that are looked at. */
export const itemOf = (name: SourceName, object: KubeObject, isInteresting: (service: string) => boolean): Item | undefined => {
  switch (name) {
    case 'serviceexports':
      return { export: seenExport(object) };
    case 'serviceimports':
    case 'dnsendpoints':
      return { own: ownObject(name, object) };
    case 'services':
      if (isOurs(object)) return { own: ownObject(name, object) };
      return isInteresting(keyOfObject(object)) ? { service: seenService(object) } : undefined;
    case 'endpointslices': {
      if (isOurs(object)) return { own: ownObject(name, object) };
      if (object.metadata.labels?.['endpointslice.kubernetes.io/managed-by'] === sliceManager) return undefined;
      const slice = seenSlice(object);
      return slice !== undefined && isInteresting(slice.service) ? { slice } : undefined;
    }
    case 'gateways':
      return { gateway: seenGateway(object) };
    default: {
      const route = importBackendsOf(object);
      return route.length === 0 ? undefined : { route };
    }
  }
};

/** The service that an own object was made for, by its label: `namespace/service`; undefined = not ours, or it names none. */
export const ownerOf = (key: string, item: Item | undefined): string | undefined => {
  const service = item?.own?.metadata.labels?.[trafficServiceLabel];
  return item?.own?.isOurs !== true || service === undefined ? undefined : `${key.slice(0, key.indexOf('/'))}/${service}`;
};
