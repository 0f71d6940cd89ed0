/**
 * @module Which pods of a workload go when it gets fewer replicas: those on nodes that are to be left carry the lowest deletion cost before the
 * object is applied, and the ReplicaSet controller takes them first (KEP-2255). It goes by that among ready pods only, and the hub reckons with it.
 */
import type { KubeClient, ObjectAddress } from '../../shared/kube/client/port.ts';
import { isCondition } from '../../shared/kube/conditions.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { isStatus } from '../../shared/kube/status-error.ts';
import { bag } from '../../shared/placement/workload-fields.ts';
import type { WorkItem } from '../../shared/wire/index.ts';
import { type ApiFailure, failureOf } from '../cluster/index.ts';
import { isRightMissing } from './failure.ts';
import { livePodsOf, pods } from './live-pods.ts';
import { FIELD_MANAGER } from './marks.ts';

/** What the ReplicaSet controller goes by; an annotation of a pod. */
export const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
/** The lowest that there is (a 32-bit number). */
const lowest = String(-(2 ** 31));
/** Pods that are marked at once. */
const atOnceMax = 16;

const isReady = (pod: KubeObject): boolean => isCondition(pod, 'Ready');
const isMarked = ({ metadata }: KubeObject): boolean => metadata.annotations?.[deletionCost] === lowest;

/** Those that are to go of the pods of one node and have no mark yet; the ones that are not ready go without one. */
const toMark = (here: readonly KubeObject[], stay: number): readonly KubeObject[] =>
  here
    .toSorted(
      (a, b) =>
        Number(isReady(a)) - Number(isReady(b)) ||
        Number(isMarked(b)) - Number(isMarked(a)) ||
        (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '') ||
        a.metadata.name.localeCompare(b.metadata.name),
    )
    .slice(0, Math.max(0, here.length - stay))
    .filter((pod) => !isMarked(pod));

/** What became of it: nodes of pods that were marked just now, and what the member said where it forbids that. */
export type Marked = { readonly nodes: readonly string[]; readonly unchosen?: ApiFailure };

/** Marks pods so that on each node at most so many stay; nothing is done twice. Throws whatever goes wrong but that the member forbids it. */
export const markLeaving = async (
  client: Pick<KubeClient, 'list' | 'patch'>,
  { namespace }: Pick<ObjectAddress, 'namespace'>,
  object: KubeObject,
  leaving: NonNullable<WorkItem['leaving']>,
): Promise<Marked> => {
  if (namespace === undefined) return { nodes: [] };
  const mark = async ({ metadata }: KubeObject): Promise<void> => {
    const body = { metadata: { uid: metadata.uid, annotations: { [deletionCost]: lowest } } };
    try {
      await client.patch({ ...pods, namespace, name: metadata.name }, 'application/merge-patch+json', body, {
        fieldManager: FIELD_MANAGER,
      });
    } catch (error) {
      if (!isStatus(error, 'NotFound') && !isStatus(error, 'Conflict')) throw error;
    }
  };
  try {
    const alive = await livePodsOf(client, namespace, object, 'ReplicaSet');
    const marked = leaving.flatMap(({ node, replicas }) =>
      toMark(
        alive.filter(({ spec }) => bag(spec).nodeName === node),
        replicas,
      ),
    );
    for (let from = 0; from < marked.length; from += atOnceMax) await Promise.all(marked.slice(from, from + atOnceMax).map(mark));
    return { nodes: [...new Set(marked.map(({ spec }) => String(bag(spec).nodeName)))] };
  } catch (error) {
    const failure = failureOf(error);
    if (isRightMissing(failure)) return { nodes: [], unchosen: failure };
    throw error;
  }
};
