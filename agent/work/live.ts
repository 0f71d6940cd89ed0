/** @module What is kept of an object that exists in the member: identity, marks, a fingerprint of what we may have to correct, and its status. */
import type { KubeObject } from '../../shared/kube/object.ts';
import { hash32 } from '../../shared/lib/index.ts';
import { importBackendsOf, isRoute, levelledRoute, type RouteBackends } from '../../shared/traffic/index.ts';
import { containersOf } from './beside.ts';
import { CREATED, WORK_ID, WORK_SEQ } from './marks.ts';
import { trimStatus } from './trim-status.ts';

/** The kept facts. */
export type Live = {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  /** From our marks; undefined = not ours. */
  readonly workId?: string;
  readonly workSeq?: number;
  readonly created: boolean;
  /** Who else claims the whole object, in words for a message; undefined = nobody. */
  readonly claimedBy?: string;
  readonly deleting: boolean;
  readonly finalizers: readonly string[];
  /** Equal as long as nobody changed what an apply sets; the weights of {@link backends} are apart. */
  readonly fingerprint: string;
  /** Names of the containers in its pod template; absent without one. */
  readonly containers?: readonly string[];
  /** Of a route: its backends that are imports. */
  readonly backends?: RouteBackends;
  /** At most 64 KiB. */
  readonly status?: { readonly [field: string]: unknown };
};

/** Annotations that controllers of the cluster keep for themselves: they change without anybody's will. */
const controllerAnnotations = [
  'deployment.kubernetes.io/',
  'pv.kubernetes.io/',
  'volume.kubernetes.io/',
  'control-plane.alpha.kubernetes.io/',
];

/** Takes the facts from an object. */
export const liveOf = (object: KubeObject): Live => {
  const { metadata } = object;
  const annotations = metadata.annotations ?? {};
  const workSeq = Number(annotations[WORK_SEQ]);
  const claimedBy = claimOf(object);
  const { status } = object;
  const containers = containersOf(object);
  return {
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    ...(metadata.generation === undefined ? {} : { generation: metadata.generation }),
    ...(annotations[WORK_ID] === undefined ? {} : { workId: annotations[WORK_ID] }),
    ...(Number.isSafeInteger(workSeq) ? { workSeq } : {}),
    created: annotations[CREATED] === 'true',
    ...(claimedBy === undefined ? {} : { claimedBy }),
    deleting: metadata.deletionTimestamp !== undefined,
    finalizers: metadata.finalizers ?? [],
    fingerprint: fingerprintOf(object),
    ...(containers === undefined ? {} : { containers }),
    ...(isRoute(object) ? { backends: importBackendsOf(object) } : {}),
    ...(typeof status === 'object' && status !== null && !Array.isArray(status)
      ? { status: trimStatus(status as Record<string, unknown>) }
      : {}),
  };
};

const claimOf = (object: KubeObject): string | undefined => {
  const { annotations = {}, ownerReferences = [] } = object.metadata;
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner !== undefined) return `${owner.kind} ${owner.name}`;
  const release = annotations['meta.helm.sh/release-name'];
  if (release !== undefined) return `Helm release ${release}`;
  const application = annotations['argocd.argoproj.io/tracking-id'];
  return application === undefined ? undefined : `Argo CD application ${application.split(':')[0] ?? ''}`;
};

/**
 * Kinds with a generation count changes of their spec themselves; of the others the content is hashed. Of routes too: their generation also
 * counts the weights that traffic sets.
 */
const fingerprintOf = (object: KubeObject): string => {
  const isOfRoute = isRoute(object);
  const { metadata, status: _status, ...content } = isOfRoute ? levelledRoute(object) : object;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => !controllerAnnotations.some((prefix) => key.startsWith(prefix)),
  );
  const marks = JSON.stringify([sorted(Object.entries(metadata.labels ?? {})), sorted(annotations)]);
  if (metadata.generation !== undefined && !isOfRoute) return `g${metadata.generation}.${hash32(marks)}`;
  return `c${hash32(JSON.stringify(content))}.${hash32(marks)}`;
};

const sorted = (entries: readonly (readonly [string, string])[]) => [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** True when `a` is surely older than `b` (KEP-5504: resource versions compare as integers); unknown forms are never older. */
export const isOlder = (a: string, b: string): boolean => {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
};
