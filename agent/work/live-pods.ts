/** @module The pods of a workload that live in the member, as its controller makes them. */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type LabelSelectorObject, labelSelectorText, selectorFromObject } from '../../shared/kube/selectors/index.ts';
import { bag } from '../../shared/placement/workload-fields.ts';

/** Where pods are. */
export const pods = { group: '', version: 'v1', resource: 'pods' };
const ended = new Set<unknown>(['Succeeded', 'Failed']);

/**
 * Pods that the object's selector selects and a controller of the kind `madeBy` made, less those that have ended or are on their way out; none
 * where it has no selector that can be read.
 */
export const livePodsOf = async (
  client: Pick<KubeClient, 'list'>,
  namespace: string,
  { spec }: KubeObject,
  madeBy: string | undefined,
): Promise<readonly KubeObject[]> => {
  const selector = selectorFromObject(bag(spec).selector as LabelSelectorObject | undefined);
  if (!selector.ok) return [];
  const { items } = await client.list({ ...pods, namespace, labelSelector: labelSelectorText(selector.value) });
  return items.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      !ended.has(bag(status).phase) &&
      metadata.ownerReferences?.some(({ controller, kind }) => controller === true && kind === madeBy) === true,
  );
};
