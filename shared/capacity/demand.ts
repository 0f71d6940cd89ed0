/** @module What one replica asks of a cluster, exactly, read from a pod spec: amounts, nodes, other pods, ports, quota, kubelet managers. */

import { type Bag, bagOf, bagsOf, integerOf, isBag, textMapOf, textOf, textsOf } from '../lib/fields.ts';
import { addAmounts, bookedAmounts } from './amounts.ts';
import type { Amounts, HostPort, PodTerm } from './node.ts';
import type { NodeDemand, NodeRequirement, NodeTerm } from './node-match.ts';
import { type ExactAmounts, exactAmounts, exactPodLimits, exactPodRequests, ownRequests } from './pod-request.ts';
import { hostPortsOf, podTermsOf, type SpreadRule, spreadRulesOf } from './pod-terms.ts';
import type { TolerationLike } from './taints.ts';
import { choosesGpus, hamiResources, type VgpuAsk, vgpuAskOf } from './vgpu.ts';

/** One container; `requests` with limits filled in, booked units, above zero. */
export type ContainerDemand = { readonly role: 'init' | 'sidecar' | 'app'; readonly requests: Amounts };

/** One replica's demand. */
export type PodDemand = NodeDemand & {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What the scheduler takes from a node, without HAMi's own resources and the RuntimeClass's overhead; booked units above zero. */
  readonly requests: Amounts;
  /** Limits of the whole pod, for quota. */
  readonly limits: Amounts;
  readonly containers: readonly ContainerDemand[];
  readonly guaranteed: boolean;
  readonly bestEffort: boolean;
  /** What `spec.resources` asks for the pod as a whole; undefined = it asks nothing. */
  readonly podLevel: Amounts | undefined;
  /** `spec.overhead` is set: the RuntimeClass's is in it. */
  readonly hasOverhead: boolean;
  readonly runtimeClassName: string | undefined;
  readonly priorityClassName: string;
  readonly hasDeadline: boolean;
  /** `requests.cpu`, `limits.memory` and their kin that some container leaves open: a quota of them refuses the pod. */
  readonly unsetCompute: readonly string[];
  /** Node named by the template; it bypasses the scheduler's choice. */
  readonly nodeName: string | undefined;
  readonly ports: readonly HostPort[];
  readonly affinity: readonly PodTerm[];
  readonly antiAffinity: readonly PodTerm[];
  readonly spread: readonly SpreadRule[];
  /** Networks attached, by namespace and name, once a mention. */
  readonly networks: readonly { readonly namespace: string; readonly name: string }[];
  /** Claims of devices; `template` undefined = a claim that all replicas share. */
  readonly claims: readonly { readonly template: string | undefined; readonly spec?: Bag | undefined }[];
  /** Shared GPUs asked for, a container each. */
  readonly vgpus: readonly VgpuAsk[];
  /** True when HAMi's own resources are asked: only nodes with shared GPUs can serve them. */
  readonly needsVgpu: boolean;
  /** The policy asks that devices and exclusive CPUs of a replica come from one NUMA zone; absent = as the kubelet does it. */
  readonly numaSingleNode?: boolean;
  /** Terms that the count does not know. */
  readonly doubts: readonly string[];
};

/** A template: what a pod is made from. */
export type PodTemplate = { readonly metadata?: unknown; readonly spec?: unknown };

const nodeTermsOf = (spec: Bag): readonly NodeTerm[] | undefined => {
  const required = bagOf(bagOf(spec.affinity).nodeAffinity).requiredDuringSchedulingIgnoredDuringExecution;
  return isBag(required)
    ? bagsOf(required.nodeSelectorTerms).map((term) => ({
        matchExpressions: requirementsOf(term.matchExpressions),
        matchFields: requirementsOf(term.matchFields),
      }))
    : undefined;
};

const requirementsOf = (list: unknown): NodeRequirement[] =>
  bagsOf(list).map(({ key, operator, values }) => ({ key: textOf(key), operator: textOf(operator), values: textsOf(values) }));

/** What a container, or the pod as a whole, asks for, read once. */
type Asking = { readonly role: ContainerDemand['role']; readonly limits: ExactAmounts; readonly requests: ExactAmounts };

const askingOf = (part: Bag, role: Asking['role']): Asking => ({
  role,
  limits: exactAmounts(bagOf(part.resources).limits),
  requests: ownRequests(part),
});

const askingIn = (spec: Bag): Asking[] => [
  ...bagsOf(spec.initContainers).map((container) => askingOf(container, container.restartPolicy === 'Always' ? 'sidecar' : 'init')),
  ...bagsOf(spec.containers).map((container) => askingOf(container, 'app')),
];

const hasPodLevel = (spec: Bag): boolean => {
  const { requests, limits } = bagOf(spec.resources);
  return Object.keys(bagOf(requests)).length + Object.keys(bagOf(limits)).length > 0;
};

/** QoS class as the kubelet computes it (`v1/helper/qos`): over cpu and memory of all containers, init ones too, or of the pod as a whole. */
const qosOf = (spec: Bag, containers: readonly Asking[]): { guaranteed: boolean; bestEffort: boolean } => {
  const parts = hasPodLevel(spec) ? [askingOf(spec, 'app')] : containers;
  let guaranteed = parts.length > 0;
  let bestEffort = true;
  for (const { limits, requests } of parts) {
    for (const resource of ['cpu', 'memory']) {
      const limit = limits.get(resource) ?? 0n;
      const request = requests.get(resource) ?? 0n;
      if (limit > 0n || request > 0n) bestEffort = false;
      if (limit <= 0n || limit !== request) guaranteed = false;
    }
  }
  return { guaranteed, bestEffort };
};

const unsetComputeOf = (spec: Bag, containers: readonly Asking[]): string[] => {
  if (hasPodLevel(spec)) return [];
  return (['requests', 'limits'] as const).flatMap((field) =>
    ['cpu', 'memory']
      .filter((resource) => containers.some((asking) => !asking[field].has(resource)))
      .map((resource) => `${field}.${resource}`),
  );
};

/** Networks of `k8s.v1.cni.cncf.io/networks`: `a, other/b@eth1`, or a JSON list of objects. */
const networksOf = (annotations: Readonly<Record<string, string>>, namespace: string): { namespace: string; name: string }[] => {
  const text = (annotations['k8s.v1.cni.cncf.io/networks'] ?? '').trim();
  if (text.startsWith('[')) {
    try {
      return bagsOf(JSON.parse(text)).map((entry) => ({ namespace: textOf(entry.namespace) || namespace, name: textOf(entry.name) }));
    } catch {
      return [{ namespace, name: text }];
    }
  }
  return text
    .split(',')
    .map((part) => part.trim().split('@')[0] ?? '')
    .filter((part) => part !== '')
    .map((part) => {
      const [first = '', second] = part.split('/');
      return second === undefined ? { namespace, name: first } : { namespace: first, name: second };
    });
};

const firstAmounts = ['cpu', 'memory', 'ephemeral-storage'];

/** The scheduler looks at these three first (`noderesources/fit.go`), so that they are told first of several that are short. */
const rankOf = (resource: string): number => {
  const at = firstAmounts.indexOf(resource);
  return at < 0 ? firstAmounts.length : at;
};

/** Requests as the scheduler takes them; what is HAMi's own is left out, and the GPU it implies is in. */
const schedulerRequests = (spec: Bag, containers: readonly ContainerDemand[]): Amounts => {
  const requests = new Map([...bookedAmounts(exactPodRequests(spec))].filter(([name]) => !hamiResources.has(name) && name !== 'pods'));
  for (const container of containers) {
    const ask = vgpuAskOf(container.requests);
    if (ask !== undefined && (container.requests.get('nvidia.com/gpu') ?? 0n) === 0n)
      addAmounts(requests, new Map([['nvidia.com/gpu', ask.count]]));
  }
  return new Map([...requests].sort(([a], [b]) => rankOf(a) - rankOf(b) || (a < b ? -1 : a > b ? 1 : 0)));
};

const doubtsOf = (spec: Bag, metadata: Bag): string[] => [
  ...(bagsOf(spec.volumes).some((volume) => isBag(volume.persistentVolumeClaim) || isBag(volume.ephemeral))
    ? ['spec.volumes: where volumes can be attached is not counted']
    : []),
  ...(bagsOf(spec.tolerations).some(({ operator }) => operator === 'Lt' || operator === 'Gt')
    ? ['spec.tolerations: Lt and Gt cover no taint but where the cluster compares taints as numbers, which is not counted']
    : []),
  ...(choosesGpus(metadata.annotations) ? ['metadata.annotations: the choice of GPUs by type or id is not counted'] : []),
];

/** The demand of a template. What cannot be read counts as absent: `demandFault` tells of it. */
export const podDemandOf = ({ metadata, spec }: PodTemplate): PodDemand => {
  const meta = bagOf(metadata);
  const pod = bagOf(spec);
  const namespace = textOf(meta.namespace) || 'default';
  const labels = textMapOf(meta.labels);
  const asking = askingIn(pod);
  const containers = asking.map(({ role, requests }): ContainerDemand => ({ role, requests: bookedAmounts(requests) }));
  const vgpus = containers.flatMap(({ requests }) => vgpuAskOf(requests) ?? []);
  return {
    namespace,
    labels,
    requests: schedulerRequests(pod, containers),
    limits: bookedAmounts(exactPodLimits(pod)),
    containers,
    ...qosOf(pod, asking),
    podLevel: hasPodLevel(pod) ? bookedAmounts(askingOf(pod, 'app').requests) : undefined,
    hasOverhead: isBag(pod.overhead),
    tolerations: bagsOf(pod.tolerations) as readonly TolerationLike[],
    nodeSelector: textMapOf(pod.nodeSelector),
    nodeTerms: nodeTermsOf(pod),
    runtimeClassName: textOf(pod.runtimeClassName) || undefined,
    priorityClassName: textOf(pod.priorityClassName),
    hasDeadline: (integerOf(pod.activeDeadlineSeconds) ?? -1) >= 0,
    unsetCompute: unsetComputeOf(pod, asking),
    nodeName: textOf(pod.nodeName) || undefined,
    ports: hostPortsOf(pod),
    affinity: podTermsOf(pod, 'podAffinity', labels),
    antiAffinity: podTermsOf(pod, 'podAntiAffinity', labels),
    spread: spreadRulesOf(pod, labels),
    networks: networksOf(textMapOf(meta.annotations), namespace),
    claims: bagsOf(pod.resourceClaims).map(({ resourceClaimTemplateName }) => ({
      template: textOf(resourceClaimTemplateName) || undefined,
    })),
    vgpus,
    needsVgpu: containers.some(({ requests }) => [...hamiResources].some((name) => (requests.get(name) ?? 0n) > 0n)),
    doubts: doubtsOf(pod, meta),
  };
};
