/** @module A dump of a cluster, as `kubectl get nodes,pods,… -A -o json` prints it, read into the model every fit is counted from. */

import { bagOf, bagsOf, textMapOf, textOf } from '../lib/fields.ts';
import { bookedAmounts } from './amounts.ts';
import { deviceStockOf } from './dump-devices.ts';
import { nodeFault, sliceFault } from './dump-faults.ts';
import { nodeModelOf } from './dump-nodes.ts';
import { type DumpObject, flatten } from './dump-objects.ts';
import { type HeldPod, heldPodOf, holdsRoom } from './dump-pods.ts';
import { quotaModelOf } from './dump-quota.ts';
import type { ClusterModel, NetworkModel, RuntimeClassModel } from './node.ts';
import { exactAmounts } from './pod-request.ts';
import { amountsFault, podAmountsFault } from './quantities.ts';
import type { TolerationLike } from './taints.ts';
import { type Topology, topologyOf } from './topology.ts';

/** Something read, or what is wrong with it: the object, the field and how to mend it. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** What a dump says, beside the cluster model. */
export type Dump = {
  readonly cluster: ClusterModel;
  /** Namespaces whose LimitRange fills in what containers leave open, which is not counted. */
  readonly defaulted: ReadonlySet<string>;
};

class DumpFault extends Error {
  override name = 'DumpFault';
}

const fail = (message: string | undefined): void => {
  if (message !== undefined) throw new DumpFault(message);
};

/** Reads objects, lists of them or lists of lists. Kinds that do not bear on capacity are passed over. */
export const readDump = (inputs: readonly unknown[]): Read<Dump> => {
  try {
    const flat = flatten(inputs);
    if (!flat.ok) return flat;
    return { ok: true, value: dumpOf(flat.value) };
  } catch (error) {
    if (error instanceof DumpFault) return { ok: false, message: error.message };
    throw error;
  }
};

const dumpOf = (objects: readonly DumpObject[]): Dump => {
  const ofKind = (kind: string): readonly DumpObject[] => objects.filter((object) => object.kind === kind);
  const topologies = topologiesOf(ofKind('NodeResourceTopology'));
  const pods = ofKind('Pod');
  for (const pod of pods) fail(podAmountsFault(pod.body.spec, `Pod ${pod.label}: spec`));
  const held = new Map<string, HeldPod[]>();
  for (const pod of pods.filter(({ body }) => holdsRoom(body))) {
    const one = heldPodOf(pod.body);
    held.set(one.node, [...(held.get(one.node) ?? []), one]);
  }
  for (const slice of ofKind('ResourceSlice')) fail(sliceFault(slice.body, `ResourceSlice ${slice.name}`));
  const nodes = ofKind('Node').map((node) => {
    fail(nodeFault(node.body, `Node ${node.name}`));
    return nodeModelOf(node.body, held.get(node.name) ?? [], topologies.get(node.name));
  });
  const quotas = ofKind('ResourceQuota').map((quota) => {
    const model = quotaModelOf(
      quota.body,
      pods.map(({ body }) => body),
    );
    if (!model.ok) throw new DumpFault(`ResourceQuota ${quota.label}: ${model.message}`);
    return model.value;
  });
  return {
    cluster: {
      nodes,
      runtimeClasses: ofKind('RuntimeClass').map(runtimeClassOf),
      networks: ofKind('NetworkAttachmentDefinition').map(networkOf),
      quotas,
      namespaces: new Map(ofKind('Namespace').map(({ name, body }) => [name, textMapOf(bagOf(body.metadata).labels)])),
      devices: deviceStockOf(
        ofKind,
        pods.filter(({ body }) => holdsRoom(body)),
      ),
      grainBytes: 1n,
      doubts: nodes.length === 0 ? ['no Node is in the dump'] : [],
    },
    defaulted: new Set(
      ofKind('LimitRange')
        .filter(({ body }) => fillsIn(body))
        .map(({ namespace }) => namespace),
    ),
  };
};

const fillsIn = (body: DumpObject['body']): boolean =>
  bagsOf(bagOf(body.spec).limits).some(
    (limit) => textOf(limit.type) === 'Container' && (limit.default !== undefined || limit.defaultRequest !== undefined),
  );

const topologiesOf = (objects: readonly DumpObject[]): ReadonlyMap<string, Topology> =>
  new Map(
    objects.map((object) => {
      const topology = topologyOf(object.body);
      if (!topology.ok) throw new DumpFault(`NodeResourceTopology ${object.name}: ${topology.message}`);
      return [object.name, topology.value];
    }),
  );

const runtimeClassOf = ({ name, body }: DumpObject): RuntimeClassModel => {
  const overhead = bagOf(body.overhead).podFixed;
  fail(amountsFault(overhead, `RuntimeClass ${name}: overhead.podFixed`));
  const scheduling = bagOf(body.scheduling);
  return {
    name,
    handler: textOf(body.handler),
    overhead: bookedAmounts(exactAmounts(overhead)),
    nodeSelector: textMapOf(scheduling.nodeSelector),
    tolerations: bagsOf(scheduling.tolerations) as readonly TolerationLike[],
  };
};

const networkOf = ({ namespace, name, body }: DumpObject): NetworkModel => ({
  namespace,
  name,
  resource: textMapOf(bagOf(body.metadata).annotations)['k8s.v1.cni.cncf.io/resourceName'],
});
