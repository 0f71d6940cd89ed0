/** @module The claims of a StatefulSet: one for each template and ordinal, made before the pod that mounts it, and kept or given up with pod or set. */
import type { KubeObject, OwnerReference } from '../../../../shared/kube/object.ts';
import { type Action, resources, type View } from '../controller.ts';
import { type ClaimTemplate, controllerRef, type Pod, type PodSpec, type StatefulSet } from '../objects.ts';

const templatesOf = (set: StatefulSet): readonly ClaimTemplate[] => set.spec.volumeClaimTemplates ?? [];

const claimName = (set: StatefulSet, template: ClaimTemplate, ordinal: number): string =>
  `${template.metadata.name}-${set.metadata.name}-${ordinal}`;

const claimOf = (set: StatefulSet, template: ClaimTemplate, ordinal: number): KubeObject => {
  const { labels, annotations } = template.metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(set, template, ordinal),
      namespace: set.metadata.namespace ?? 'default',
      labels: { ...labels, ...set.spec.selector.matchLabels },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: template.spec,
  };
};

/** A volume for each template, in the place of one of the same name, as the StatefulSet controller's updateStorage does. */
export const volumesOf = (set: StatefulSet, ordinal: number): Pick<PodSpec, 'volumes'> => {
  const claimed = templatesOf(set).map((template) => ({
    name: template.metadata.name,
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }));
  const names = new Set(claimed.map(({ name }) => name));
  const volumes = [...claimed, ...(set.spec.template.spec.volumes ?? []).filter(({ name }) => !names.has(name))];
  return volumes.length === 0 ? {} : { volumes };
};

/** The claims of a pod that are not there yet. */
export const claimCreations = (view: View, set: StatefulSet, ordinal: number): Action[] =>
  templatesOf(set)
    .map((template) => claimOf(set, template, ordinal))
    .filter(({ metadata: { namespace = '', name } }) => view.get(resources.claims, namespace, name) === undefined)
    .map((object) => ({ do: 'create', type: resources.claims, object }));

/** With whom a claim goes: with a pod that is scaled away, or with the set; with neither where the policy says Retain (KEP-1847). */
const ownersOf = (set: StatefulSet, pod: Pod, isScaledAway: boolean): OwnerReference[] => {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const podRef = { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid ?? '' };
  if (isScaledAway && whenScaled === 'Delete') return [podRef];
  return whenDeleted === 'Delete' ? [controllerRef(set)] : [];
};

/** Claims of a pod whose owners are not those that the retention policy wants. Owners of other kinds stay. */
export const claimOwnerUpdates = (view: View, set: StatefulSet, pod: Pod, ordinal: number, isScaledAway: boolean): Action[] =>
  templatesOf(set).flatMap((template): Action[] => {
    const claim = view.get(resources.claims, set.metadata.namespace ?? 'default', claimName(set, template, ordinal));
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return [];
    const present = claim.metadata.ownerReferences ?? [];
    const wanted = ownersOf(set, pod, isScaledAway);
    const uids = (owners: readonly OwnerReference[]): string => owners.map(({ uid }) => uid).join();
    const isOurs = ({ kind, name }: OwnerReference): boolean =>
      (kind === 'StatefulSet' && name === set.metadata.name) || (kind === 'Pod' && name === pod.metadata.name);
    if (uids(present.filter(isOurs)) === uids(wanted)) return [];
    const { ownerReferences: _, ...metadata } = claim.metadata;
    const owners = [...present.filter((owner) => !isOurs(owner)), ...wanted];
    const object = { ...claim, metadata: { ...metadata, ...(owners.length === 0 ? {} : { ownerReferences: owners }) } };
    return [{ do: 'update', type: resources.claims, object }];
  });
