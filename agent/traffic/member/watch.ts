/** @module What the agent sees of its member for traffic: exports, the Services behind them, its own objects, routes, Gateways. */
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { RouteBackends } from '../../../shared/traffic/index.ts';
import type { ServedApi } from '../../../shared/wire/index.ts';
import type { OwnedResource } from '../canonical.ts';
import type { SeenExport, SeenService } from '../report.ts';
import { type Item, itemOf, keyOfObject, type OwnObject, ownerOf, ownObject } from './item.ts';
import { createItems, type Items } from './items.ts';
import { createReading } from './reading.ts';
import { type SourceName, servedVersion, sources } from './sources.ts';
import { createWidening } from './widening.ts';

/** The view. Keys are `namespace/name`. */
export type MemberView = Pick<Items, 'slicesOf' | 'ownOf' | 'owners'> & {
  readonly setServed: (apis: readonly ServedApi[]) => void;
  /** Services to be looked at besides those with a ServiceExport. `isNeeded`: there are records to act on. */
  readonly setWanted: (services: ReadonlySet<string>, isNeeded: boolean) => void;
  /** The version that is served; undefined = none. */
  readonly versionOf: (name: SourceName) => string | undefined;
  readonly exports: () => ReadonlyMap<string, SeenExport>;
  readonly service: (key: string) => SeenService | undefined;
  readonly gateway: (key: string) => readonly string[] | undefined;
  readonly own: (resource: OwnedResource, key: string) => OwnObject | undefined;
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

/** Starts looking; nothing is read before `setServed`. `onChange` names the service or route that changed; '' = something else. */
export const watchMember = (options: {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly env: RuntimeEnv;
  readonly onChange: (what: 'service' | 'route' | 'all', key: string) => void;
}): MemberView => {
  const { client, env, onChange } = options;
  let wanted: ReadonlySet<string> = new Set();
  let served: readonly ServedApi[] = [];
  let isNeeded = false;
  let isStopped = false;

  const isInteresting = (service: string): boolean => wanted.has(service) || items.of('serviceexports').has(service);
  const onAll = (): void => onChange('all', '');
  const onItem = (name: SourceName, key: string, item: Item | undefined, before: Item | undefined): void => {
    if (name === 'httproutes' || name === 'grpcroutes') onChange('route', key);
    else if (name === 'gateways') onChange('all', key);
    else if (name === 'serviceexports' && (item === undefined) !== (before === undefined)) {
      widening.start();
      refresh();
      onChange('service', key);
    } else {
      const service = item?.slice?.service ?? before?.slice?.service;
      onChange('service', service ?? ownerOf(key, item) ?? ownerOf(key, before) ?? key);
    }
  };
  const items = createItems(onItem);
  const project = (name: SourceName, object: KubeObject): Item | undefined => itemOf(name, object, isInteresting);
  const reading = createReading({ client, env, items, project, onFirstRead: onAll });
  const widening = createWidening({ env, reading, onOver: onAll });

  /** Reads what is served and needed. Where nothing is exported or imported only exports are looked for: others' Services are many. */
  const refresh = (): void => {
    const isActive = isNeeded || items.of('serviceexports').size > 0;
    for (const source of isStopped ? [] : sources) {
      const version = isActive || source.name === 'serviceexports' ? servedVersion(source, served) : undefined;
      if (!reading.setVersion(source, version)) continue;
      if (version === undefined) items.replace(source.name, new Map());
      onAll();
    }
  };

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
      if (isMore) widening.start();
    },
    versionOf: reading.versionOf,
    exports: () =>
      new Map([...items.of('serviceexports')].flatMap(([key, item]) => (item.export === undefined ? [] : [[key, item.export]]))),
    service: (key) => items.of('services').get(key)?.service,
    slicesOf: items.slicesOf,
    gateway: (key) => items.of('gateways').get(key)?.gateway,
    own: (resource, key) => items.of(resource).get(key)?.own,
    ownOf: items.ownOf,
    owners: items.owners,
    routes: (name) => new Map([...items.of(name)].flatMap(([key, { route }]) => (route === undefined ? [] : [[key, route]]))),
    wrote: (resource, object) => items.set(resource, keyOfObject(object), { own: ownObject(resource, object) }),
    removed: (resource, key) => items.set(resource, key, undefined),
    isSynced: reading.isSynced,
    isSettled: () => reading.isSynced() && widening.isOver(),
    forbidden: () =>
      reading
        .forbidden()
        .map((name) => `watch ${name}`)
        .sort(),
    stop: () => {
      isStopped = true;
      widening.stop();
      reading.stop();
    },
  };
};
