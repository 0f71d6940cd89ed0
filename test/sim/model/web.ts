/** @module The service that clusters export: its objects in every member, where its endpoints are by truth, and who is behind an address. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import { derivedName } from '../../../shared/traffic/names.ts';
import type { Faults } from '../faults.ts';
import { namespace } from './hub-api.ts';
import { types } from './member-runtime.ts';
import type { MemberStore } from './member-store.ts';

const service = 'web';
const zone = 'example.net';

/** The name by which clients reach it. */
export const webName = `${service}.${namespace}.${zone}`;

const derived = derivedName(namespace, service);
const nameLabel = 'kubernetes.io/service-name';

const numberOf = (cluster: string): number => Number(cluster.slice(1)) + 1;
const clusterAt = (part: string | undefined): string => `c${Number(part) - 1}`;

/** Where name servers ask for the zone. */
export const nameServerOf = (cluster: string): string => `198.51.100.${numberOf(cluster)}`;
const gatewayOf = (cluster: string): string => `192.0.2.${numberOf(cluster)}`;

/** By address: there are few, and each is asked for with every request. */
const clusters = new Map<string, string>();

/** The cluster behind an address of a pod (`10.CLUSTER.0.POD`) or of a gateway (`192.0.2.CLUSTER`). */
export const clusterOf = (address: string): string => {
  const known = clusters.get(address);
  if (known !== undefined) return known;
  const parts = address.split('.');
  const cluster = clusterAt(parts[0] === '10' ? parts[1] : parts[3]);
  clusters.set(address, cluster);
  return cluster;
};

const sliceOf = (cluster: string, ready: number): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: `${service}-own`,
    namespace,
    labels: { [nameLabel]: service, 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
  },
  addressType: 'IPv4',
  ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
  endpoints: Array.from({ length: ready }, (_, at) => ({
    addresses: [`10.${numberOf(cluster)}.0.${at + 1}`],
    conditions: { ready: true, serving: true, terminating: false },
  })),
});

/** Gives a cluster so many ready endpoints. */
export const setEndpoints = (cluster: string, store: MemberStore, ready: number): void => {
  store.put(types.slices, sliceOf(cluster, ready));
};

/** The service in a cluster that exports it. */
export const exportWeb = (cluster: string, store: MemberStore, ready: number): void => {
  store.put(types.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: service, namespace },
    spec: { type: 'LoadBalancer', ports: [{ name: 'http', protocol: 'TCP', port: 80 }], ipFamilies: ['IPv4'] },
    status: { loadBalancer: { ingress: [{ ip: gatewayOf(cluster) }] } },
  });
  setEndpoints(cluster, store, ready);
  store.put(types.exports, {
    apiVersion: 'multicluster.x-k8s.io/v1beta1',
    kind: 'ServiceExport',
    metadata: { name: service, namespace },
    spec: {},
  });
};

const readyIn = (slices: readonly KubeObject[], name: string): string[] =>
  slices
    .filter(({ metadata }) => metadata.labels?.[nameLabel] === name)
    .flatMap(({ endpoints }) =>
      ((endpoints ?? []) as { addresses: string[]; conditions: { ready: boolean } }[]).flatMap(({ addresses, conditions }) =>
        conditions.ready ? addresses.slice(0, 1) : [],
      ),
    );

/** What is made of a member's objects, made again when they have changed: clients ask far more often than anything is written. */
const ofStore = <T>(make: (store: MemberStore) => T): ((store: MemberStore) => T) => {
  const made = new WeakMap<MemberStore, { readonly version: number; readonly value: T }>();
  return (store) => {
    const known = made.get(store);
    const version = store.version();
    if (known?.version === version) return known.value;
    const value = make(store);
    made.set(store, { version, value });
    return value;
  };
};

/** Endpoints that the cluster has by itself. */
export const endpointsIn = ofStore((store): readonly string[] => readyIn(store.list(types.slices), service));

/** Endpoints that its clients reach, own and foreign, by the slices that the agent wrote; undefined = it wrote no service yet. */
export const importedIn = ofStore((store): readonly string[] | undefined =>
  store.get(types.services, namespace, derived) === undefined ? undefined : readyIn(store.list(types.slices), derived),
);

/** Quick, as the verdicts of the simulation are; steps and setbacks are those that hold where nobody says anything. */
const failback = { holdDownSeconds: 2, stepSeconds: 2 };

/** The policy of the service, as an operator wrote it before the seed begins. */
export const webPolicy = ({ ttlSeconds, isTiered }: Faults): object => ({
  services: [service],
  failback,
  dns: { zone, ttlSeconds, answers: isTiered === 1 ? 'Ordered' : 'Weighted' },
  ...(isTiered === 1 ? { tiers: [{ name: 'first', clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'c0' } } }] } : {}),
});
