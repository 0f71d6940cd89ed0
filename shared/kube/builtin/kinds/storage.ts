/** @module PersistentVolume, PersistentVolumeClaim, StorageClass (kubernetes `apis/core/validation`, `apis/storage/validation`). */

import { timeText } from '../../../lib/time-text.ts';
import { type Fault, forbidden, invalid, invalidEach, notSupported, required, subdomainName } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { compareQuantity } from '../../quantity/index.ts';
import { validateLabelSelector } from '../../selectors/index.ts';
import { quantityOrZero } from '../amounts.ts';
import type { KindParts } from '../kind.ts';
import { at, hasAt, isJson, type Json, namesAt, objectAt, textAt, withAt } from '../read.ts';
import { sameValue } from '../validate/equal.ts';
import { unchanged } from '../validate/numbers.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];
const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];
const storagePath = ['resources', 'requests', 'storage'] as const;

const modeFaults = (spec: Json, requiredText: string): Fault[] => {
  const modes = namesAt(spec, 'accessModes');
  if (modes.length === 0) return [required('spec.accessModes', requiredText)];
  const faults = modes.filter((mode) => !accessModes.includes(mode)).map((mode) => notSupported('spec.accessModes', mode, accessModes));
  const isMixed = modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode));
  return isMixed ? [...faults, forbidden('spec.accessModes', 'may not use ReadWriteOncePod with other access modes')] : faults;
};

const volumeModeFaults = (spec: Json): Fault[] => {
  const mode = textAt(spec, 'volumeMode');
  return mode === '' || volumeModes.includes(mode) ? [] : [notSupported('spec.volumeMode', mode, volumeModes)];
};

const classFaults = (spec: Json): Fault[] => {
  const name = textAt(spec, 'storageClassName');
  return name === '' ? [] : invalidEach('spec.storageClassName', name, subdomainName(name, false));
};

const positive = (value: unknown, field: string): Fault[] => {
  const quantity = quantityOrZero(value);
  return quantity.nanos > 0n ? [] : [invalid(field, quantity.text, 'must be greater than zero')];
};

const validateClaim = (claim: KubeObject): Fault[] => {
  const spec = objectAt(claim, 'spec');
  const field = 'spec.resources[storage]';
  return [
    ...modeFaults(spec, 'at least 1 access mode is required'),
    ...(hasAt(spec, 'selector') ? validateLabelSelector(objectAt(spec, 'selector'), 'spec.selector') : []),
    ...(hasAt(spec, ...storagePath) ? positive(at(spec, ...storagePath), field) : [required(field)]),
    ...classFaults(spec),
    ...volumeModeFaults(spec),
  ];
};

const claimText = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

const claimUpdateFaults = (claim: KubeObject, old: KubeObject): Fault[] => {
  const before = objectAt(old, 'spec');
  const isBound = textAt(old, 'status', 'phase') === 'Bound';
  let next = objectAt(claim, 'spec');
  if (textAt(before, 'volumeName') === '') next = withAt(next, ['volumeName'], at(before, 'volumeName'));
  if (textAt(before, 'storageClassName') === '' && !hasAt(before, 'storageClassName')) next = withAt(next, ['storageClassName'], undefined);
  if (isBound)
    next = withAt(
      withAt(next, storagePath, at(before, ...storagePath)),
      ['volumeAttributesClassName'],
      at(before, 'volumeAttributesClassName'),
    );
  const faults: Fault[] = sameValue(next, before) ? [] : [forbidden('spec', claimText)];
  const [size, was] = [quantityOrZero(at(claim, 'spec', ...storagePath)), quantityOrZero(at(before, ...storagePath))];
  const held = quantityOrZero(at(old, 'status', 'capacity', 'storage'));
  if (compareQuantity(size, was) < 0 && compareQuantity(size, held) <= 0) {
    faults.push(forbidden(`spec.${storagePath.join('.')}`, 'field can not be less than status.capacity'));
  }
  return [...faults, ...unchanged(claim, old, 'volumeMode', sameValue, 'spec', 'volumeMode')];
};

/** The old and the new field for where a claim's data come from follow each other. */
const mirrorSource = (claim: KubeObject): KubeObject => {
  const [source, reference] = [at(claim, 'spec', 'dataSource'), at(claim, 'spec', 'dataSourceRef')];
  const withGroup = (value: Json): Json => ({ ...value, apiGroup: value.apiGroup ?? null });
  if (isJson(source) && !isJson(reference)) return withAt(claim, ['spec', 'dataSourceRef'], withGroup(source));
  const isPlain = isJson(reference) && textAt(reference, 'namespace') === '';
  return isPlain && !isJson(source) ? withAt(claim, ['spec', 'dataSource'], withGroup(reference)) : claim;
};

/** A claim or a volume stays until nobody uses it (the StorageObjectInUseProtection admission plugin). */
const protectedBy =
  (finalizer: string) =>
  (object: KubeObject): KubeObject => {
    const finalizers = object.metadata.finalizers ?? [];
    return finalizers.includes(finalizer)
      ? object
      : { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } };
  };
const protectedClaim = protectedBy('kubernetes.io/pvc-protection');
const protectedVolume = protectedBy('kubernetes.io/pv-protection');

/** Fields of a volume's spec that are no source. */
const plainFields = [
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
];

const validateVolume = (volume: KubeObject): Fault[] => {
  const spec = objectAt(volume, 'spec');
  const capacity = objectAt(spec, 'capacity');
  const sources = Object.keys(spec).filter((field) => !plainFields.includes(field) && hasAt(spec, field));
  const policy = textAt(spec, 'persistentVolumeReclaimPolicy');
  return [
    ...modeFaults(spec, ''),
    ...(Object.keys(capacity).length === 0 ? [required('spec.capacity')] : []),
    ...(Object.keys(capacity).join() === 'storage' ? [] : [notSupported('spec.capacity', capacity, ['storage'])]),
    ...Object.entries(capacity).flatMap(([name, value]) => positive(value, `spec.capacity[${name}]`)),
    ...(policy === '' || reclaimPolicies.includes(policy)
      ? []
      : [notSupported('spec.persistentVolumeReclaimPolicy', policy, reclaimPolicies)]),
    ...(sources.length === 0 ? [required('spec', 'must specify a volume type')] : []),
    ...sources.slice(1).map((field) => forbidden(`spec.${field}`, 'may not specify more than 1 volume type')),
    ...(hasAt(spec, 'local') && !hasAt(spec, 'nodeAffinity') ? [required('spec.nodeAffinity', 'Local volume requires node affinity')] : []),
    ...classFaults(spec),
    ...volumeModeFaults(spec),
  ];
};

const sourceText = 'spec.persistentvolumesource is immutable after creation';

const volumeUpdateFaults = (volume: KubeObject, old: KubeObject): Fault[] => {
  const sourceOf = (object: KubeObject): Json =>
    Object.fromEntries(Object.entries(objectAt(object, 'spec')).filter(([field]) => !plainFields.includes(field)));
  const faults: Fault[] = sameValue(sourceOf(volume), sourceOf(old)) ? [] : [forbidden('spec.persistentvolumesource', sourceText)];
  return [...faults, ...unchanged(volume, old, 'spec.volumeMode', sameValue, 'spec', 'volumeMode')];
};

const validateClass = (object: KubeObject): Fault[] => {
  const [provisioner, policy, mode] = [textAt(object, 'provisioner'), textAt(object, 'reclaimPolicy'), textAt(object, 'volumeBindingMode')];
  return [
    ...(provisioner === '' ? [required('provisioner', provisioner)] : []),
    ...(policy === '' || ['Delete', 'Retain'].includes(policy) ? [] : [notSupported('reclaimPolicy', policy, ['Delete', 'Retain'])]),
    ...(bindingModes.includes(mode)
      ? []
      : mode === ''
        ? [required('volumeBindingMode')]
        : [notSupported('volumeBindingMode', mode, bindingModes)]),
  ];
};

const fixedClassFields = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'];

const validateClassUpdate = (object: KubeObject, old: KubeObject): Fault[] => [
  ...validateClass(object),
  ...fixedClassFields.flatMap((field) =>
    sameValue(object[field] ?? '', old[field] ?? '')
      ? []
      : [invalid(field, object[field] ?? (field === 'parameters' ? null : ''), 'field is immutable')],
  ),
];

/** By `<group>/<resource>`. */
export const storageKinds: Readonly<Record<string, KindParts>> = {
  '/persistentvolumeclaims': {
    strategy: {
      prepareForCreate: (claim) => ({ ...protectedClaim(mirrorSource(claim)), status: { phase: 'Pending' } }),
      validate: validateClaim,
      validateUpdate: (claim, old) => [...validateClaim(claim), ...claimUpdateFaults(claim, old)],
    },
  },
  '/persistentvolumes': {
    strategy: {
      prepareForCreate: (volume, { nowMs }) => ({
        ...protectedVolume(volume),
        status: { phase: 'Pending', lastPhaseTransitionTime: timeText(nowMs) },
      }),
      validate: validateVolume,
      validateUpdate: (volume, old) => [...validateVolume(volume), ...volumeUpdateFaults(volume, old)],
    },
  },
  'storage.k8s.io/storageclasses': { strategy: { validate: validateClass, validateUpdate: validateClassUpdate } },
  'storage.k8s.io/csidrivers': { strategy: { allowUnconditionalUpdate: false } },
  'storage.k8s.io/csinodes': { strategy: { allowUnconditionalUpdate: false } },
  'storage.k8s.io/csistoragecapacities': { strategy: { allowUnconditionalUpdate: false } },
  'storage.k8s.io/volumeattachments': { strategy: { allowUnconditionalUpdate: false } },
};
