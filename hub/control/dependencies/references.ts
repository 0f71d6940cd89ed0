/** @module The objects that a workload names: they must be where it runs. */
import { isMadeByEveryCluster } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { matchesLabels, selectorFromMap } from '../../../shared/kube/selectors/index.ts';
import { keyOf, type StorageKey } from '../../../shared/kube/storage/index.ts';
import { bag, bags, groupKind, podLabelsOf, podSpecOf } from '../kinds.ts';
import { rememberBySpec } from '../remember.ts';

type Bag = { readonly [field: string]: unknown };

const nameIn = (value: unknown, field = 'name'): string[] => {
  const name = bag(value)[field];
  return typeof name === 'string' && name !== '' ? [name] : [];
};

const containersOf = (spec: Bag): readonly Bag[] => [
  ...bags(spec.initContainers),
  ...bags(spec.containers),
  ...bags(spec.ephemeralContainers),
];

/** Sources of a projected volume, or the volume itself. */
const volumeParts = (volume: Bag): readonly Bag[] => [volume, ...bags(bag(volume.projected).sources)];

const configMaps = (spec: Bag): string[] => [
  ...containersOf(spec).flatMap((container) => [
    ...bags(container.envFrom).flatMap((source) => nameIn(source.configMapRef)),
    ...bags(container.env).flatMap((variable) => nameIn(bag(variable.valueFrom).configMapKeyRef)),
  ]),
  ...bags(spec.volumes)
    .flatMap(volumeParts)
    .flatMap((part) => nameIn(part.configMap)),
];

const secrets = (spec: Bag): string[] => [
  ...containersOf(spec).flatMap((container) => [
    ...bags(container.envFrom).flatMap((source) => nameIn(source.secretRef)),
    ...bags(container.env).flatMap((variable) => nameIn(bag(variable.valueFrom).secretKeyRef)),
  ]),
  ...bags(spec.imagePullSecrets).flatMap((reference) => nameIn(reference)),
  ...bags(spec.volumes)
    .flatMap(volumeParts)
    .flatMap((part) => [
      // A volume says secretName, a source of a projected volume name.
      ...nameIn(part.secret, 'secretName'),
      ...nameIn(part.secret),
      ...['cephfs', 'iscsi', 'rbd', 'flexVolume', 'scaleIO', 'storageos'].flatMap((kind) => nameIn(bag(part[kind]).secretRef)),
      ...nameIn(bag(part.csi).nodePublishSecretRef),
      ...nameIn(part.azureFile, 'secretName'),
    ]),
];

/** Templates that claims of devices are made from. */
const claimTemplates = (spec: Bag): string[] => bags(spec.resourceClaims).flatMap((claim) => nameIn(claim, 'resourceClaimTemplateName'));

const claims = (spec: Bag): string[] => bags(spec.volumes).flatMap((volume) => nameIn(volume.persistentVolumeClaim, 'claimName'));

/** What is left when each reference that may be missing is taken away. */
const withoutOptional = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutOptional);
  if (typeof value !== 'object' || value === null) return value;
  if (bag(value).optional === true) return {};
  return Object.fromEntries(Object.entries(value).map(([field, part]) => [field, withoutOptional(part)]));
};

/**
 * Keys of the ConfigMaps, Secrets, ServiceAccounts, PersistentVolumeClaims, ResourceClaimTemplates and, for a StatefulSet, the governing Service that an object
 * names; sorted, each once. Whether they exist is not asked.
 */
export const referencesOf = rememberBySpec((object): readonly StorageKey[] => referencesIn(object, bag(podSpecOf(object))));

/** Key of the Service that governs a StatefulSet; none for other objects, and for one that names none. */
export const governingServiceOf = (object: KubeObject): readonly StorageKey[] => {
  const { namespace = '' } = object.metadata;
  if (groupKind(object) !== 'apps/StatefulSet' || namespace === '') return [];
  return nameIn(object.spec, 'serviceName').map((name) => keyOf('', 'services', namespace, name));
};

/** Those of {@link referencesOf} without which no pod of the object starts. */
export const requiredReferencesOf = rememberBySpec((object): readonly StorageKey[] => {
  const named = referencesOf(object);
  if (named.length === 0) return named;
  const governing = new Set(governingServiceOf(object));
  return referencesIn(object, bag(withoutOptional(podSpecOf(object)))).filter((key) => !governing.has(key));
});

const referencesIn = (object: KubeObject, spec: Bag): readonly StorageKey[] => {
  const namespace = object.metadata.namespace ?? '';
  if (namespace === '') return [];
  const named: readonly (readonly [kind: string, resource: string, names: readonly string[]])[] = [
    ['ConfigMap', 'configmaps', configMaps(spec)],
    ['Secret', 'secrets', secrets(spec)],
    ['ServiceAccount', 'serviceaccounts', nameIn(spec, 'serviceAccountName')],
    ['PersistentVolumeClaim', 'persistentvolumeclaims', claims(spec)],
  ];
  const keys = named.flatMap(([kind, resource, names]) =>
    names.filter((name) => !isMadeByEveryCluster({ group: '', kind, namespace, name })).map((name) => keyOf('', resource, namespace, name)),
  );
  const templates = claimTemplates(spec).map((name) => keyOf('resource.k8s.io', 'resourceclaimtemplates', namespace, name));
  return [...new Set([...keys, ...templates, ...governingServiceOf(object)])].sort();
};

/** Keys of the Secrets that a ServiceAccount names for pulling images. */
export const pullSecretsOf = (account: KubeObject): readonly StorageKey[] => [
  ...new Set(
    bags(account.imagePullSecrets)
      .flatMap((reference) => nameIn(reference))
      .map((name) => keyOf('', 'secrets', account.metadata.namespace ?? '', name)),
  ),
];

/** True when the Service selects pods that the workload makes. */
export const serviceSelects = (service: KubeObject, workload: KubeObject): boolean => {
  if (service.metadata.namespace !== workload.metadata.namespace) return false;
  const selector = bag(bag(service.spec).selector);
  const terms = Object.entries(selector).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : []));
  if (terms.length === 0 || podSpecOf(workload) === undefined) return false;
  return matchesLabels(selectorFromMap(Object.fromEntries(terms)), podLabelsOf(workload));
};
