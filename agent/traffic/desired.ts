/** @module From a record to writes: what the member should have of a service against what it has. Pure. */

import { serviceNameLabel } from '../../shared/api/index.ts';
import type { ObjectAddress } from '../../shared/kube/client/port.ts';
import { transitionTime } from '../../shared/kube/condition.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { bagOf, textsOf } from '../../shared/lib/fields.ts';
import { clusterImports, dnsEndpointOf, renderService, type Share } from '../../shared/traffic/index.ts';
import type { TrafficRecord } from '../../shared/wire/index.ts';
import { carriesMarks, contentHash, type OwnedResource } from './canonical.ts';
import type { MemberView, OwnObject } from './member/index.ts';
import type { TrafficWrite } from './writer.ts';

/** A record with what its sources get: for requests of this cluster, and for the world. */
export type ServiceNow = { readonly record: TrafficRecord; readonly local: readonly Share[]; readonly global: readonly Share[] };

/** What is to be written, in order, what the member lacks, and whether there is more to write when this is done. */
export type ServicePlan = {
  readonly writes: readonly TrafficWrite[];
  readonly lacks: readonly string[];
  readonly hasMore: boolean;
};

type Wanted = { readonly resource: OwnedResource; readonly object: KubeObject };
/** What the plan needs of the member. */
export type PlanView = Pick<MemberView, 'own' | 'ownOf' | 'versionOf'>;

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

const wantedOf = ({ record, local, global }: ServiceNow, cluster: string, view: PlanView): Wanted[] => {
  const at = (name: string): string => `${record.namespace}/${name}`;
  const rendered = renderService(record, local, {
    cluster,
    ipsOf: (derived) => (view.own('services', at(derived))?.ips ?? []).filter((ip) => ip !== '' && ip !== 'None'),
    importVersion: view.versionOf('serviceimports'),
    importUid: (name) => {
      const own = view.own('serviceimports', at(name));
      return own?.isOurs === true && own.uid !== '' ? own.uid : undefined;
    },
  });
  const endpoint = view.versionOf('dnsendpoints') === undefined ? undefined : dnsEndpointOf({ record, shares: global });
  return [...rendered, ...(endpoint === undefined ? [] : [{ resource: 'dnsendpoints' as const, object: endpoint }])];
};

/**
 * What waits for what comes before it, so that nothing is written twice: an import for the address of its Service, slices for the import that
 * will own them. Where that is refused nothing waits: endpoints are worth more than order.
 */
const isEarly = ({ resource, object }: Wanted, view: PlanView, isRefused: boolean): boolean => {
  if (isRefused) return false;
  const spec = bagOf(object.spec);
  if (resource === 'serviceimports') return spec.type === 'ClusterSetIP' && textsOf(spec.ips).length === 0;
  if (resource !== 'endpointslices' || view.versionOf('serviceimports') === undefined) return false;
  const name = object.metadata.labels?.[serviceNameLabel] ?? '';
  return view.own('serviceimports', `${object.metadata.namespace ?? ''}/${name}`) === undefined;
};

const isAsWanted = ({ resource, object }: Wanted, present: OwnObject | undefined): boolean =>
  present?.isOurs === true &&
  present.hash === contentHash(resource, object) &&
  carriesMarks(present.metadata, object.metadata) &&
  (object.metadata.ownerReferences === undefined || present.owner === object.metadata.ownerReferences[0]?.uid);

/** Endpoints are what requests go to at once; names of DNS are looked up again later at best. */
const rank: Readonly<Record<OwnedResource, number>> = { endpointslices: 0, services: 1, serviceimports: 2, dnsendpoints: 3 };

const groups: Readonly<Record<OwnedResource, { readonly group: string; readonly version: string }>> = {
  services: { group: '', version: 'v1' },
  endpointslices: { group: 'discovery.k8s.io', version: 'v1' },
  serviceimports: { group: 'multicluster.x-k8s.io', version: 'v1beta1' },
  dnsendpoints: { group: 'externaldns.k8s.io', version: 'v1alpha1' },
};

/** The address of an own object by its key. */
const addressOf = (resource: OwnedResource, key: string, view: PlanView): ObjectAddress => {
  const at = key.indexOf('/');
  const { group, version } = groups[resource];
  return {
    group,
    version: view.versionOf(resource) ?? version,
    resource,
    namespace: key.slice(0, at),
    name: key.slice(at + 1),
  };
};

/** `status` of an import: who exports it. */
const importStatus = (record: TrafficRecord, object: KubeObject, present: OwnObject | undefined, now: string): TrafficWrite[] => {
  const part = clusterImports(record).get(object.metadata.name);
  const clusters = part === undefined ? record.spec.sources.map(({ name }) => name) : [part];
  if (present?.isOurs !== true || present.clusters.join() === clusters.join()) return [];
  const { name, namespace } = object.metadata;
  const old = present.conditions.find(({ type }) => type === 'Ready');
  const ready = { type: 'Ready', status: 'True', reason: 'Ready', message: '', lastTransitionTime: transitionTime(old, 'True', now) };
  return [
    {
      do: 'status',
      resource: 'serviceimports',
      object: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
        status: { clusters: clusters.map((cluster) => ({ cluster })), conditions: [ready] },
      },
    },
  ];
};

const nothing: ReadonlySet<string> = new Set();

/** The Service whose endpoints a slice holds. */
const carrierOf = ({ metadata }: { readonly metadata: Pick<KubeObject['metadata'], 'labels'> }): string =>
  metadata.labels?.['kubernetes.io/service-name'] ?? '';

/** Services that are to have slices and have none of them yet: what they had before stays until then, so that they are never without. */
const bareServices = (wanted: readonly Wanted[], view: PlanView): ReadonlySet<string> => {
  const slices = wanted.filter(({ resource }) => resource === 'endpointslices');
  const carried = slices.filter(({ object }) => view.own('endpointslices', keyOf(object))?.isOurs === true);
  const without = new Set(slices.map(({ object }) => carrierOf(object)));
  for (const { object } of carried) without.delete(carrierOf(object));
  return without;
};

/** What a plan is made in. */
export type PlanContext = {
  readonly cluster: string;
  readonly view: PlanView;
  /** RFC 3339. */
  readonly nowText: string;
  /** Some write of the service was refused. */
  readonly isRefused: boolean;
};

/** The plan of a service; `now` undefined = it is over: all that was written for it goes. */
export const planService = (
  service: string,
  now: ServiceNow | undefined,
  { cluster, view, nowText, isRefused }: PlanContext,
): ServicePlan => {
  const lacks: string[] = [];
  const wanted = now === undefined ? [] : wantedOf(now, cluster, view);
  const shape = now?.record.spec.import;
  if (shape !== undefined && view.versionOf('serviceimports') === undefined)
    lacks.push('it serves no ServiceImport: install the CRDs of mcs-api; Service and EndpointSlices are there without');
  if (now?.record.spec.dns?.externalDns === true && view.versionOf('dnsendpoints') === undefined)
    lacks.push('it serves no DNSEndpoint: install the CRD of ExternalDNS');
  const writes: TrafficWrite[] = [];
  let hasMore = false;
  const keep = new Set<string>();
  for (const one of wanted) {
    const key = keyOf(one.object);
    keep.add(`${one.resource} ${key}`);
    const present = view.own(one.resource, key);
    if (present !== undefined && !present.isOurs) {
      lacks.push(`its ${one.object.kind} ${key} is somebody else's: delete it, or let that one serve`);
      continue;
    }
    const isDue = !isAsWanted(one, present);
    const isHeld = isDue && isEarly(one, view, isRefused);
    hasMore ||= isHeld;
    if (isDue && !isHeld) writes.push({ do: 'apply', ...one });
    if (one.resource === 'serviceimports' && now !== undefined) writes.push(...importStatus(now.record, one.object, present, nowText));
  }
  const gone = view.ownOf(service).filter(({ resource, key }) => !keep.has(`${resource} ${key}`));
  const bare = isRefused ? nothing : bareServices(wanted, view);
  const due = gone.filter(({ resource, object }) => resource !== 'endpointslices' || !bare.has(carrierOf(object)));
  hasMore ||= due.length < gone.length;
  const deletes = due.map(
    ({ resource, key, object: { uid, version } }): TrafficWrite => ({
      do: 'delete',
      resource,
      address: addressOf(resource, key, view),
      uid,
      version,
    }),
  );
  // What is withdrawn goes first: until then requests are lost there.
  const ordered = [...deletes, ...writes].sort((a, b) => rankOf(a) - rankOf(b));
  return { writes: ordered, lacks, hasMore };
};

const rankOf = (write: TrafficWrite): number => (write.do === 'route' ? 1 : write.do === 'status' ? 4 : rank[write.resource]);

/** Conditions onto the member's own ServiceExport where they differ from those it has. */
export const exportStatusWrite = (
  record: TrafficRecord,
  present: readonly { readonly [field: string]: unknown }[],
  version: string,
  now: string,
): TrafficWrite | undefined => {
  const { conditions } = record.spec;
  if (conditions.length === 0) return undefined;
  const before = new Map(present.map((condition) => [condition.type, condition]));
  const isSame = conditions.every(({ type, status, reason, message }) => {
    const old = before.get(type);
    return old?.status === status && old.reason === reason && (old.message ?? '') === message;
  });
  if (isSame) return undefined;
  const timed = conditions.map((condition) => ({
    ...condition,
    lastTransitionTime: transitionTime(before.get(condition.type), condition.status, now),
  }));
  return {
    do: 'status',
    resource: 'serviceexports',
    object: {
      apiVersion: `multicluster.x-k8s.io/${version}`,
      kind: 'ServiceExport',
      metadata: { name: record.name, namespace: record.namespace },
      status: { conditions: timed },
    },
  };
};
