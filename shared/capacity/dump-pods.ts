/** @module Pods of a dump that hold room on a node: what they take, and what others must know of them. */

import { type Bag, bagOf, textMapOf, textOf } from '../lib/fields.ts';
import { bookedAmounts } from './amounts.ts';
import type { Amounts, PodGroup, PodKind } from './node.ts';
import { exactPodRequests } from './pod-request.ts';
import { hostPortsOf, podTermsOf } from './pod-terms.ts';
import { readVgpuUse, type VgpuHold } from './vgpu-use.ts';

/** A pod that holds room. */
export type HeldPod = {
  readonly node: string;
  readonly label: string;
  readonly requests: Amounts;
  readonly terminating: boolean;
  readonly kind: PodKind;
  /** Shared GPUs it holds; undefined when it does not say. */
  readonly vgpus: VgpuHold | undefined;
};

/** True for pods that are bound and have not ended; terminating ones hold until they are gone. */
export const holdsRoom = (pod: Bag): boolean => {
  const phase = bagOf(pod.status).phase;
  return textOf(bagOf(pod.spec).nodeName) !== '' && phase !== 'Succeeded' && phase !== 'Failed';
};

/** What a pod holds. */
export const heldPodOf = (pod: Bag): HeldPod => {
  const spec = bagOf(pod.spec);
  const metadata = bagOf(pod.metadata);
  const labels = textMapOf(metadata.labels);
  const namespace = textOf(metadata.namespace) || 'default';
  return {
    node: textOf(spec.nodeName),
    label: `${namespace}/${textOf(metadata.name)}`,
    requests: bookedAmounts(exactPodRequests(spec, pod.status)),
    terminating: textOf(metadata.deletionTimestamp) !== '',
    kind: { namespace, labels, ports: hostPortsOf(spec), antiAffinity: podTermsOf(spec, 'podAntiAffinity', {}) },
    vgpus: readVgpuUse(textMapOf(metadata.annotations)),
  };
};

/** Pods as other pods see them; each is a group of its own. */
export const groupsOf = (pods: readonly HeldPod[]): readonly PodGroup[] =>
  pods.map(({ kind, terminating }) => ({ kind, live: terminating ? 0 : 1, terminating: terminating ? 1 : 0 }));
