/** @module The built-in kinds as far as the playground's controllers read and write them. */
import type { NodeTerm } from '../../../shared/capacity/node-match.ts';
import type { AnyCondition } from '../../../shared/kube/condition.ts';
import type { KubeObject, ObjectMeta } from '../../../shared/kube/object.ts';

/** A meta/v1 LabelSelector, as far as workloads use it. */
export type LabelSelector = {
  matchLabels?: { [key: string]: string };
  matchExpressions?: { key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: string[] }[];
};

export type Container = {
  name: string;
  image: string;
  env?: { name: string; [field: string]: unknown }[];
  ports?: { containerPort: number; name?: string; protocol?: string }[];
  restartPolicy?: string;
  resources?: { requests?: { [resource: string]: string }; limits?: { [resource: string]: string } };
};

/** Where a pod may run, as far as the scheduler looks at it. */
export type Affinity = {
  nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: NodeTerm[] }; [field: string]: unknown };
  [field: string]: unknown;
};

export type PodSpec = {
  containers: Container[];
  initContainers?: Container[];
  nodeName?: string;
  nodeSelector?: { [key: string]: string };
  affinity?: Affinity;
  tolerations?: Toleration[];
  restartPolicy?: string;
  priority?: number;
  hostname?: string;
  subdomain?: string;
  volumes?: { name: string; [field: string]: unknown }[];
  [field: string]: unknown;
};

export type Toleration = { key?: string; operator?: string; value?: string; effect?: string };

export type PodTemplate = { metadata?: Partial<ObjectMeta>; spec: PodSpec };

/** A condition with what these kinds say besides. */
export type Condition = AnyCondition & {
  readonly reason?: string;
  readonly message?: string;
  readonly lastUpdateTime?: string;
  readonly lastProbeTime?: string | null;
};

export type Pod = KubeObject & {
  spec: PodSpec;
  status?: {
    phase?: string;
    conditions?: readonly Condition[];
    podIP?: string;
    reason?: string;
    nominatedNodeName?: string;
    [field: string]: unknown;
  };
};

export type Node = KubeObject & {
  spec?: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[]; providerID?: string };
  status?: { allocatable?: { [resource: string]: string }; capacity?: { [resource: string]: string }; conditions?: readonly Condition[] };
};

export type ReplicaSet = KubeObject & {
  spec: { replicas?: number; selector: LabelSelector; template: PodTemplate; minReadySeconds?: number };
  status?: {
    replicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    fullyLabeledReplicas?: number;
    observedGeneration?: number;
  };
};

export type Deployment = KubeObject & {
  spec: {
    replicas?: number;
    selector: LabelSelector;
    template: PodTemplate;
    paused?: boolean;
    revisionHistoryLimit?: number;
    progressDeadlineSeconds?: number;
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } };
  };
  status?: { observedGeneration?: number; conditions?: readonly Condition[]; [field: string]: unknown };
};

/** A claim that a StatefulSet makes for each of its pods. */
export type ClaimTemplate = { metadata: Partial<ObjectMeta> & { name: string }; spec: { [field: string]: unknown } };

export type StatefulSet = KubeObject & {
  spec: {
    replicas?: number;
    selector: LabelSelector;
    template: PodTemplate;
    serviceName?: string;
    podManagementPolicy?: string;
    ordinals?: { start?: number };
    volumeClaimTemplates?: ClaimTemplate[];
    persistentVolumeClaimRetentionPolicy?: { whenDeleted?: 'Retain' | 'Delete'; whenScaled?: 'Retain' | 'Delete' };
  };
  status?: { [field: string]: unknown };
};

export type DaemonSet = KubeObject & { spec: { selector: LabelSelector; template: PodTemplate }; status?: { [field: string]: unknown } };

export type Job = KubeObject & {
  spec: {
    completions?: number;
    completionMode?: string;
    parallelism?: number;
    selector?: LabelSelector;
    template: PodTemplate;
    suspend?: boolean;
    backoffLimit?: number;
  };
  status?: { startTime?: string; completionTime?: string; conditions?: readonly Condition[]; [field: string]: unknown };
};

export type CronJob = KubeObject & {
  spec: {
    schedule: string;
    timeZone?: string;
    suspend?: boolean;
    concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace';
    startingDeadlineSeconds?: number;
    successfulJobsHistoryLimit?: number;
    failedJobsHistoryLimit?: number;
    jobTemplate: { metadata?: Partial<ObjectMeta>; spec: Job['spec'] };
  };
  status?: { lastScheduleTime?: string; lastSuccessfulTime?: string; active?: object[] };
};

export type Service = KubeObject & {
  spec: {
    type?: string;
    clusterIP?: string;
    clusterIPs?: string[];
    selector?: { [key: string]: string };
    ports?: { name?: string; port: number; targetPort?: number | string; protocol?: string; nodePort?: number }[];
    [field: string]: unknown;
  };
};

/** Whether a condition of this type is True. */
export const conditionIsTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;

/** A pod that counts: neither ended nor going away. */
export const isActive = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';

export const isReady = (pod: Pod): boolean => isActive(pod) && conditionIsTrue(pod.status?.conditions, 'Ready');

/** The owner entry a controller puts on what it makes. */
export const controllerRef = (owner: KubeObject) => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
});

/** The uid of the object's controller. */
export const controllerUidOf = (object: KubeObject): string | undefined =>
  object.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
