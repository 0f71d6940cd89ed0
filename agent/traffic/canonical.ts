/** @module The fields of an object that traffic sets, as one text: two objects with the same text are the same to it. Pure. */
import type { KubeObject } from '../../shared/kube/object.ts';
import { bagOf, bagsOf, textOf, textsOf } from '../../shared/lib/fields.ts';
import { hash32 } from '../../shared/lib/index.ts';

/** Resources that traffic owns objects of. */
export type OwnedResource = 'services' | 'serviceimports' | 'endpointslices' | 'dnsendpoints';

const portText = (ports: unknown): unknown =>
  bagsOf(ports).map(({ name, protocol, port, appProtocol }) => [textOf(name), textOf(protocol) || 'TCP', port, textOf(appProtocol)]);

const seconds = (spec: { readonly [field: string]: unknown }): unknown =>
  bagOf(bagOf(spec.sessionAffinityConfig).clientIP).timeoutSeconds ?? null;

const ofService = (spec: { readonly [field: string]: unknown }): unknown => [
  portText(spec.ports),
  spec.clusterIP === 'None',
  textOf(spec.sessionAffinity) || 'None',
  // Set by the API server where nobody says.
  spec.sessionAffinity === 'ClientIP' ? seconds(spec) : null,
  textOf(spec.internalTrafficPolicy) || 'Cluster',
  textOf(spec.trafficDistribution),
];

const ofImport = (spec: { readonly [field: string]: unknown }): unknown => [
  textOf(spec.type),
  portText(spec.ports),
  textsOf(spec.ips),
  textOf(spec.sessionAffinity) || 'None',
  seconds(spec),
  textsOf(spec.ipFamilies),
  textOf(spec.internalTrafficPolicy),
  textOf(spec.trafficDistribution),
];

const ofSlice = (object: KubeObject): unknown => [
  textOf(object.addressType),
  portText(object.ports),
  bagsOf(object.endpoints).map(({ addresses, conditions, hostname }) => [
    textsOf(addresses),
    bagOf(conditions).ready !== false,
    textOf(hostname),
  ]),
];

const ofEndpoint = (spec: { readonly [field: string]: unknown }): unknown =>
  bagsOf(spec.endpoints).map(({ dnsName, recordType, targets, recordTTL, setIdentifier, providerSpecific }) => [
    textOf(dnsName),
    textOf(recordType),
    textsOf(targets),
    recordTTL,
    textOf(setIdentifier),
    bagsOf(providerSpecific).map(({ name, value }) => [textOf(name), textOf(value)]),
  ]);

const contentOf = (resource: OwnedResource, object: KubeObject): unknown => {
  if (resource === 'endpointslices') return ofSlice(object);
  const spec = bagOf(object.spec);
  if (resource === 'services') return ofService(spec);
  return resource === 'serviceimports' ? ofImport(spec) : ofEndpoint(spec);
};

type Marks = Pick<KubeObject['metadata'], 'labels' | 'annotations'>;

/** Those that are wanted. Annotations of our own do not count: they change with every record. */
const marks = ({ labels = {}, annotations = {} }: Marks, wanted: Marks): unknown => [
  Object.keys(wanted.labels ?? {})
    .sort()
    .map((key) => [key, labels[key] ?? null]),
  Object.keys(wanted.annotations ?? {})
    .filter((key) => !key.startsWith('hanse.dev/'))
    .sort()
    .map((key) => [key, annotations[key] ?? null]),
];

/** A short name for what traffic sets of an object. */
export const contentHash = (resource: OwnedResource, object: KubeObject): string => {
  const text = JSON.stringify(contentOf(resource, object));
  return `${hash32(text).toString(16)}.${hash32(`${text.length}#${text}`).toString(16)}`;
};

/** Whether an object that is there carries the labels and annotations of the one that should be. */
export const carriesMarks = (present: Marks, wanted: Marks): boolean =>
  JSON.stringify(marks(present, wanted)) === JSON.stringify(marks(wanted, wanted));
