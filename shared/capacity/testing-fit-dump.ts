/** @module Nodes, pods and answers in the small, for tests of dumps. */
import { fitDump } from './fit-dump.ts';

/** A node of 4 CPUs, 8 GiB and 10 places unless said otherwise. */
export const node = (name: string, allocatable: object = {}, more: { spec?: object; metadata?: object; status?: object } = {}): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name }, ...more.metadata },
  spec: more.spec ?? {},
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '10', ...allocatable }, ...more.status },
});

/** The spec of a pod with one container that requests these amounts. */
export const requests = (amounts: object, more: object = {}): object => ({
  containers: [{ name: 'c', resources: { requests: amounts }, ...more }],
});

/** A pod to ask for. */
export const pod = (spec: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'shape', ...metadata },
  spec,
});

/** A pod on node `n`. */
export const held = (name: string, spec: object, more: { status?: object; metadata?: object } = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...more.metadata },
  spec: { nodeName: 'n', ...requests({ cpu: '1' }), ...spec },
  status: more.status ?? { phase: 'Running' },
});

/** What is answered, with the sum as a number. */
export const answer = (objects: readonly unknown[], shape: unknown) => {
  const read = fitDump(objects, shape);
  if (!read.ok) return { error: read.message };
  const { total, exact, refusals, nodes } = read.value;
  return { total: Number(total), exact, refusals, bounds: nodes.map(({ bound }) => bound) };
};

/** A pod of one CPU. */
export const oneCpu = pod(requests({ cpu: '1' }));
