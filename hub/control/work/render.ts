/** @module What an object of the hub becomes in one cluster: its own fields, the replicas of its share, the policy's overrides. Pure. */

import type { NodeReplicas, NominatedNode } from '../../../shared/api/index.ts';
import { builtinFaults } from '../../../shared/kube/builtin/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { ResourceType } from '../../../shared/kube/resource.ts';
import { hash32 } from '../../../shared/lib/index.ts';
import type { CompiledPolicy } from '../../../shared/placement/index.ts';
import { type Misfits, misfitsOf, type OverriddenObject, overrideObject } from '../../../shared/placement/index.ts';
import { bag, decidedFields, replicasField } from '../kinds.ts';
import { leftToMember, without } from './member-fields.ts';

/** One cluster's share. */
export type Share = {
  /** Undefined for objects without replicas. */
  readonly replicas: number | undefined;
  /** Of a Job with completions: the cluster's part of them. */
  readonly completions?: number;
  /** On these nodes at most so many of its pods stay. */
  readonly leaving?: readonly NodeReplicas[];
  /** These nodes are kept for some of its pods. */
  readonly nominated?: readonly NominatedNode[];
};

/** Annotations that mean something on the hub only. */
const hubAnnotation = (key: string): boolean =>
  key === 'kubectl.kubernetes.io/last-applied-configuration' || key.startsWith('hanse.dev/') || key === 'deployment.kubernetes.io/revision';

const setAt = (object: KubeObject, path: string, value: unknown): KubeObject => {
  const fields = path.split('.');
  const write = (at: unknown, depth: number): unknown => {
    const field = fields[depth];
    return field === undefined ? value : { ...bag(at), [field]: write(bag(at)[field], depth + 1) };
  };
  return write(object, 0) as KubeObject;
};

const stripped = (object: KubeObject): KubeObject => {
  const { labels, annotations, name, namespace } = object.metadata;
  const kept = without(annotations, hubAnnotation) as Record<string, string>;
  const { status: _, ...rest } = object;
  return {
    ...rest,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined || Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }),
    },
  };
};

/** Renderings of an object that no override tells apart by cluster: many clusters, and many looks, get the same one. */
const kept = new WeakMap<KubeObject, Map<string, KubeObject>>();
/** Different shares of one object that are kept; beyond it they are made anew. */
const keptMax = 8;

const withShare = (object: KubeObject, type: ResourceType | undefined, share: Share): KubeObject => {
  const known = kept.get(object) ?? new Map<string, KubeObject>();
  kept.set(object, known);
  const field = replicasField(object, type);
  const text = `${field ?? ''} ${share.replicas ?? ''} ${share.completions ?? ''}`;
  const before = known.get(text);
  if (before !== undefined) return before;
  let rendered = stripped(leftToMember(object));
  if (field !== undefined && share.replicas !== undefined) rendered = setAt(rendered, field, share.replicas);
  if (share.completions !== undefined) rendered = setAt(rendered, 'spec.completions', share.completions);
  if (known.size >= keptMax) known.clear();
  known.set(text, rendered);
  return rendered;
};

const hashes = new WeakMap<KubeObject, string>();

/** A text that differs for different content; of an object that is rendered once it is made once. */
export const contentHash = (object: KubeObject): string => {
  const known = hashes.get(object);
  if (known !== undefined) return known;
  const text = JSON.stringify(object);
  const hash = `${hash32(text).toString(16)}-${hash32(`${text.length}#${text}`).toString(16)}`;
  hashes.set(object, hash);
  return hash;
};

const faults = new Map<string, readonly string[]>();
/** Contents whose faults are kept; beyond it all are forgotten and found anew. */
const faultsKeptMax = 16_384;

/** A new status makes a new object of the same content: that is judged once. */
const faultsOf = (object: KubeObject): readonly string[] => {
  const hash = contentHash(object);
  const known = faults.get(hash);
  if (known !== undefined) return known;
  const found = builtinFaults(object);
  if (faults.size >= faultsKeptMax) faults.clear();
  faults.set(hash, found);
  return found;
};

type Judged = {
  readonly type: ResourceType | undefined;
  readonly rules: CompiledPolicy['overrides'];
  readonly misfits: Misfits | undefined;
};

/** What was found of an object under the policy that it was under last: decisions and renderings ask the same. */
const judged = new WeakMap<KubeObject, Judged>();

/** For which clusters {@link renderFor} finds a fault, whatever their share; undefined = for none. */
export const misfitsUnder = (object: KubeObject, type: ResourceType | undefined, policy: CompiledPolicy): Misfits | undefined => {
  const before = judged.get(object);
  if (before !== undefined && before.type === type && before.rules === policy.overrides) return before.misfits;
  const misfits = misfitsOf(policy, {
    read: () => withShare(object, type, { replicas: undefined }),
    decided: decidedFields(object, type),
    faultsOf,
  });
  judged.set(object, { type, rules: policy.overrides, misfits });
  return misfits;
};

/** The object as it goes to a cluster with these labels; a fault when an override does not fit it. What it answers is never changed in place. */
export const renderFor = (
  object: KubeObject,
  type: ResourceType | undefined,
  share: Share,
  policy: CompiledPolicy | undefined,
  clusterLabels: Readonly<Record<string, string>>,
): OverriddenObject => {
  const rendered = withShare(object, type, share);
  if (policy === undefined) return { ok: true, object: rendered };
  const message = misfitsUnder(object, type, policy)?.(clusterLabels);
  if (message !== undefined) return { ok: false, message };
  return overrideObject(rendered, policy.overrides, clusterLabels, decidedFields(object, type));
};
