/**
 * @module Objects that stay with the cluster they are in: those that every cluster makes for itself, and those that tell of the hub or of what
 * happens on it. No policy selects them, none follows a workload, and what an agent had taken over of them it gives back.
 */
import { type KubeObject, parseApiVersion } from '../kube/object.ts';
import { hanseGroup } from './kind.ts';

/** Where an object is, by its kind. */
export type OwnPlace = { readonly group: string; readonly kind: string; readonly namespace?: string | undefined; readonly name: string };

/** Namespaces of the system of a cluster, and of the hub's or agent's. */
const systemNamespaces = new Set(['hanse-system', 'kube-system', 'kube-public', 'kube-node-lease']);

/** Kinds that tell of the cluster itself or of what happens there, or that its controllers write for others (`group/Kind`). */
const toldKinds = new Set([
  '/Endpoints',
  '/Event',
  '/Node',
  'apps/ControllerRevision',
  'certificates.k8s.io/CertificateSigningRequest',
  'coordination.k8s.io/Lease',
  'coordination.k8s.io/LeaseCandidate',
  'discovery.k8s.io/EndpointSlice',
  'events.k8s.io/Event',
  'networking.k8s.io/IPAddress',
  'resource.k8s.io/ResourceSlice',
  'storage.k8s.io/CSINode',
  'storage.k8s.io/CSIStorageCapacity',
  'storage.k8s.io/VolumeAttachment',
]);

/** What a kube-controller-manager puts into every namespace (root-ca-cert-publisher, serviceaccount): `group/Kind/name`. */
const inEveryNamespace = new Set(['/ConfigMap/kube-root-ca.crt', '/ServiceAccount/default']);

/** What a kube-apiserver makes once: `group/Kind/namespace/name`. */
const onceACluster = new Set([
  '/Namespace//default',
  '/Service/default/kubernetes',
  'networking.k8s.io/ServiceCIDR//kubernetes',
  'scheduling.k8s.io/PriorityClass//system-cluster-critical',
  'scheduling.k8s.io/PriorityClass//system-node-critical',
]);

/** Names of all these: most objects bear another. */
const ownNames = new Set([
  ...[...inEveryNamespace, ...onceACluster].map((text) => text.slice(text.lastIndexOf('/') + 1)),
  ...systemNamespaces,
]);

/** True when every cluster has an object of this kind and name that it made itself. */
export const isMadeByEveryCluster = ({ group, kind, namespace = '', name }: OwnPlace): boolean =>
  ownNames.has(name) &&
  ((namespace !== '' && inEveryNamespace.has(`${group}/${kind}/${name}`)) ||
    onceACluster.has(`${group}/${kind}/${namespace}/${name}`) ||
    (group === '' && kind === 'Namespace' && systemNamespaces.has(name)));

/** A token of a ServiceAccount is good only at the cluster that signed it, which deletes those of others (kube-controller-manager's token controller). */
const isServiceAccountToken = ({ kind, type }: KubeObject): boolean => kind === 'Secret' && type === 'kubernetes.io/service-account-token';

/** A kube-apiserver makes these at its start, and mends them (rbac.authorization.k8s.io: `kubernetes.io/bootstrapping`). */
const isBootstrapRole = (group: string, { metadata }: KubeObject): boolean =>
  group === 'rbac.authorization.k8s.io' && metadata.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults';

/** Why an object is not distributed, to go on after `it is not distributed: `; undefined = a policy may select it. */
export const whyOwn = (object: KubeObject): string | undefined => {
  const { apiVersion, kind, metadata } = object;
  const { group } = parseApiVersion(apiVersion);
  const { namespace, name } = metadata;
  if (isMadeByEveryCluster({ group, kind, namespace, name }) || isBootstrapRole(group, object)) return 'every cluster makes its own';
  if (isServiceAccountToken(object)) return 'a token of a ServiceAccount is good only at the cluster that signed it';
  const isHubs = systemNamespaces.has(namespace ?? '') || group === hanseGroup || toldKinds.has(`${group}/${kind}`);
  return isHubs ? "it is the hub's own" : undefined;
};
