/** @module What the agent sees of its member for traffic: exports, the Services behind them, its own objects, routes, Gateways. */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { bagOf, bagsOf, textOf, textsOf } from '../../shared/lib/fields.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import {
  importBackendsOf,
  type RouteBackends,
  sliceManager,
  trafficLabel,
  trafficManager,
  trafficServiceLabel,
} from '../../shared/traffic/index.ts';
import type { ServedApi } from '../../shared/wire/index.ts';
import { type Reflector, type ReflectorEvent, startReflector } from '../cluster/index.ts';
import { contentHash, type OwnedResource } from './canonical.ts';
import { type SeenExport, type SeenService, type SeenSlice, seenExport, seenGateway, seenService, seenSlice } from './report.ts';

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

type Source = { readonly name: SourceName; readonly group: string; readonly versions: readonly string[]; readonly labelSelector?: string };

const mcs = { group: 'multicluster.x-k8s.io', versions: ['v1beta1', 'v1alpha1'] };
const gatewayApi = { group: 'gateway.networking.k8s.io', versions: ['v1'] };
const ours = `${trafficLabel}=${trafficManager}`;
const sources: readonly Source[] = [
  { name: 'serviceexports', ...mcs },
  { name: 'serviceimports', ...mcs },
  { name: 'services', group: '', versions: ['v1'] },
  { name: 'endpointslices', group: 'discovery.k8s.io', versions: ['v1'] },
  { name: 'gateways', ...gatewayApi },
  { name: 'httproutes', ...gatewayApi },
  { name: 'grpcroutes', ...gatewayApi },
  { name: 'dnsendpoints', group: 'externaldns.k8s.io', versions: ['v1alpha1'], labelSelector: ours },
];

/** What one object comes to; several where an object is of use in more than one way. */
type Item = {
  readonly own?: OwnObject;
  readonly service?: SeenService;
  readonly slice?: SeenSlice;
  readonly export?: SeenExport;
  readonly gateway?: readonly string[];
  readonly route?: RouteBackends;
};

/** The view. Keys are `namespace/name`. */
export type MemberView = {
  readonly setServed: (apis: readonly ServedApi[]) => void;
  /** Services to be looked at besides those with a ServiceExport. `isNeeded`: there are records to act on. */
  readonly setWanted: (services: ReadonlySet<string>, isNeeded: boolean) => void;
  /** The version that is served; undefined = none. */
  readonly versionOf: (name: SourceName) => string | undefined;
  readonly exports: () => ReadonlyMap<string, SeenExport>;
  readonly service: (key: string) => SeenService | undefined;
  readonly slicesOf: (service: string) => readonly SeenSlice[];
  readonly gateway: (key: string) => readonly string[] | undefined;
  readonly own: (resource: OwnedResource, key: string) => OwnObject | undefined;
  /** Our own objects by the label that names their service: `namespace/service`. */
  readonly ownOf: (service: string) => readonly { readonly resource: OwnedResource; readonly key: string; readonly object: OwnObject }[];
  /** Services that own objects. */
  readonly owners: () => ReadonlySet<string>;
  readonly routes: (name: 'httproutes' | 'grpcroutes') => ReadonlyMap<string, RouteBackends>;
  /** A write was answered: what is there now. */
  readonly wrote: (resource: OwnedResource, object: KubeObject) => void;
  readonly removed: (resource: OwnedResource, key: string) => void;
  /** True when all that is served and may be read has been read once. */
  readonly isSynced: () => boolean;
  /** True when Services and slices were also read since the last of them became of interest: until then a service may seem to have none. */
  readonly isSettled: () => boolean;
  readonly forbidden: () => readonly string[];
  readonly stop: () => void;
};

const versionNumber = (version: string): bigint | undefined => (/^\d+$/.test(version) ? BigInt(version) : undefined);

const ownObject = (resource: OwnedResource, object: KubeObject): OwnObject => {
  const { labels, annotations, uid = '', resourceVersion = '', ownerReferences } = object.metadata;
  const spec = bagOf(object.spec);
  return {
    isOurs: labels?.[trafficLabel] === trafficManager,
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

/** Restarts that widen what is kept are gathered for so long. */
const widenMs = 200;
/** What is kept of services that are of interest alone. */
const widened = ['services', 'endpointslices'] as const;

const isOwned = (name: SourceName): name is OwnedResource =>
  name === 'services' || name === 'serviceimports' || name === 'endpointslices' || name === 'dnsendpoints';

/** Starts looking; nothing is read before `setServed`. `onChange` names the service or route that changed; '' = something else. */
export const watchMember = (options: {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly env: RuntimeEnv;
  readonly onChange: (what: 'service' | 'route' | 'all', key: string) => void;
}): MemberView => {
  const { client, env, onChange } = options;
  const items = new Map<SourceName, Map<string, Item>>(sources.map(({ name }) => [name, new Map()]));
  const running = new Map<SourceName, { readonly version: string; reflector: Reflector }>();
  const synced = new Set<SourceName>();
  /** What more is of interest of than was kept, and was not read again yet. */
  const narrow = new Set<SourceName>();
  const problems = new Map<SourceName, number>();
  const slices = new Map<string, Map<string, SeenSlice>>();
  const owned = new Map<string, Map<string, { resource: OwnedResource; key: string; object: OwnObject }>>();
  let wanted: ReadonlySet<string> = new Set();
  let served: readonly ServedApi[] = [];
  let isNeeded = false;
  let cancelWiden = (): void => undefined;
  let stopped = false;

  const of = (name: SourceName): Map<string, Item> => items.get(name) ?? new Map();
  const isInteresting = (service: string): boolean => wanted.has(service) || of('serviceexports').has(service);

  const project = (name: SourceName, object: KubeObject): Item | undefined => {
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    const isOurs = object.metadata.labels?.[trafficLabel] === trafficManager;
    switch (name) {
      case 'serviceexports':
        return { export: seenExport(object) };
      case 'serviceimports':
      case 'dnsendpoints':
        return { own: ownObject(name, object) };
      case 'services':
        if (isOurs) return { own: ownObject(name, object) };
        return isInteresting(key) ? { service: seenService(object) } : undefined;
      case 'endpointslices': {
        if (isOurs) return { own: ownObject(name, object) };
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

  const ownerOf = (key: string, { metadata, isOurs }: OwnObject): string | undefined => {
    const service = metadata.labels?.[trafficServiceLabel];
    return !isOurs || service === undefined ? undefined : `${key.slice(0, key.indexOf('/'))}/${service}`;
  };
  /** Indexes: slices by service, own objects by service. */
  const index = (name: SourceName, key: string, item: Item | undefined, before: Item | undefined): void => {
    if (before?.slice !== undefined) slices.get(before.slice.service)?.delete(key);
    if (item?.slice !== undefined) {
      const list = slices.get(item.slice.service) ?? new Map<string, SeenSlice>();
      slices.set(item.slice.service, list);
      list.set(key, item.slice);
    }
    if (!isOwned(name)) return;
    const id = `${name} ${key}`;
    const [was, is] = [before?.own && ownerOf(key, before.own), item?.own && ownerOf(key, item.own)];
    if (was !== undefined && was !== is) {
      owned.get(was)?.delete(id);
      if (owned.get(was)?.size === 0) owned.delete(was);
    }
    if (is !== undefined && item?.own !== undefined) {
      const list = owned.get(is) ?? new Map();
      owned.set(is, list);
      list.set(id, { resource: name, key, object: item.own });
    }
  };
  const tell = (name: SourceName, key: string, item: Item | undefined, before: Item | undefined): void => {
    if (name === 'httproutes' || name === 'grpcroutes') onChange('route', key);
    else if (name === 'gateways') onChange('all', key);
    else if (name === 'serviceexports' && (item === undefined) !== (before === undefined)) {
      widen();
      refresh();
      onChange('service', key);
    } else {
      const service = item?.slice?.service ?? before?.slice?.service;
      const owner = (item?.own && ownerOf(key, item.own)) ?? (before?.own && ownerOf(key, before.own));
      onChange('service', service ?? owner ?? key);
    }
  };
  const set = (name: SourceName, key: string, item: Item | undefined): void => {
    const list = of(name);
    const before = list.get(key);
    if (item === undefined && before === undefined) return;
    const [old, next] = [before?.own && versionNumber(before.own.version), item?.own && versionNumber(item.own.version)];
    // A watch may tell late what a write has already answered.
    if (old !== undefined && next !== undefined && next < old) return;
    if (item === undefined) list.delete(key);
    else list.set(key, item);
    index(name, key, item, before);
    if (JSON.stringify(before) !== JSON.stringify(item)) tell(name, key, item, before);
  };

  const start = (source: Source, version: string, onRead: () => void = () => undefined): Reflector => {
    const { name, group, labelSelector } = source;
    let fresh: Map<string, Item> | undefined;
    const onEvent = (event: ReflectorEvent<Item>): void => {
      if (event.type === 'Init') fresh = new Map();
      else if (event.type === 'InitApply') fresh?.set(event.key, event.item);
      else if (event.type === 'Apply') set(name, event.key, event.item);
      else if (event.type === 'Delete') {
        set(name, event.key, undefined);
        fresh?.delete(event.key);
      } else {
        // What was there is replaced at once: in between nobody sees half of it.
        for (const key of [...of(name).keys()]) if (fresh?.has(key) !== true) set(name, key, undefined);
        for (const [key, item] of fresh ?? []) set(name, key, item);
        fresh = undefined;
        const isFirst = !synced.has(name);
        synced.add(name);
        onRead();
        if (isFirst) onChange('all', '');
      }
    };
    return startReflector<Item>({
      client,
      env,
      collection: { group, version, resource: name, ...(labelSelector === undefined ? {} : { labelSelector }) },
      project: (object) => project(name, object),
      onEvent,
      onHealth: (problem) => {
        if (problem === undefined) problems.delete(name);
        else problems.set(name, problem.status);
      },
    });
  };
  /** More is of interest than was kept: Services and slices are read again. */
  const widen = (): void => {
    cancelWiden();
    if (stopped) return;
    for (const name of widened) narrow.add(name);
    const onRead = (name: SourceName): void => {
      narrow.delete(name);
      if (narrow.size === 0) onChange('all', '');
    };
    cancelWiden = env.setTimer(widenMs, () => {
      for (const name of widened) {
        const source = sources.find((one) => one.name === name);
        const run = running.get(name);
        if (source === undefined || run === undefined) {
          narrow.delete(name);
          continue;
        }
        run.reflector.stop();
        run.reflector = start(source, run.version, () => onRead(name));
      }
    });
  };

  const servedVersion = ({ name, group, versions }: Source): string | undefined =>
    versions.find((version) =>
      served.some(({ groupVersion, resource }) => resource === name && groupVersion === (group === '' ? version : `${group}/${version}`)),
    );
  /** Runs what is served and needed. Where nothing is exported or imported only exports are looked for: others' Services are many. */
  const refresh = (): void => {
    const isActive = isNeeded || of('serviceexports').size > 0;
    for (const source of stopped ? [] : sources) {
      const version = isActive || source.name === 'serviceexports' ? servedVersion(source) : undefined;
      const run = running.get(source.name);
      if (run?.version === version) continue;
      run?.reflector.stop();
      running.delete(source.name);
      if (version === undefined) {
        for (const key of [...of(source.name).keys()]) set(source.name, key, undefined);
        synced.delete(source.name);
      } else running.set(source.name, { version, reflector: start(source, version) });
      onChange('all', '');
    }
  };

  const isSynced = (): boolean => running.size > 0 && [...running.keys()].every((name) => synced.has(name) || problems.get(name) === 403);

  return {
    setServed: (apis) => {
      served = apis;
      refresh();
    },
    setWanted: (services, needed) => {
      const isMore = [...services].some((service) => !isInteresting(service));
      wanted = services;
      isNeeded = needed;
      refresh();
      if (isMore) widen();
    },
    versionOf: (name) => running.get(name)?.version,
    exports: () => new Map([...of('serviceexports')].flatMap(([key, item]) => (item.export === undefined ? [] : [[key, item.export]]))),
    service: (key) => of('services').get(key)?.service,
    slicesOf: (service) => [...(slices.get(service)?.values() ?? [])],
    gateway: (key) => of('gateways').get(key)?.gateway,
    own: (resource, key) => of(resource).get(key)?.own,
    ownOf: (service) => [...(owned.get(service)?.values() ?? [])],
    owners: () => new Set(owned.keys()),
    routes: (name) => new Map([...of(name)].flatMap(([key, { route }]) => (route === undefined ? [] : [[key, route]]))),
    wrote: (resource, object) =>
      set(resource, `${object.metadata.namespace ?? ''}/${object.metadata.name}`, { own: ownObject(resource, object) }),
    removed: (resource, key) => set(resource, key, undefined),
    isSynced,
    isSettled: () => isSynced() && [...narrow].every((name) => problems.get(name) === 403),
    forbidden: () =>
      [...problems]
        .filter(([, status]) => status === 403)
        .map(([name]) => `watch ${name}`)
        .sort(),
    stop: () => {
      stopped = true;
      cancelWiden();
      for (const { reflector } of running.values()) reflector.stop();
    },
  };
};
