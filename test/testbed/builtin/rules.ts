/** @module Defaults that depend on something: said as data where that can be, else named for hand-written code. */
import type { Json, JsonObject } from './stable-json.ts';

/** A condition on one field (a dotted path below the struct). An empty string or list counts as absent. */
export type When = { readonly field: string } & (
  | { readonly equals: Json }
  | { readonly in: readonly Json[] }
  | { readonly absent: true }
  | { readonly present: true }
);

/**
 * When: `default` fills whatever passes through the server (create, update, apply, and objects read from old storage);
 * `create` happens once, when the object is made (admission and registry strategies).
 */
export type Stage = 'default' | 'create';

/** When all conditions hold for a struct of this definition, fill what is absent from `set`, object by object; lists are values. */
export type DataRule = { readonly definition: string; readonly stage: Stage; readonly when: readonly When[]; readonly set: JsonObject };

/** What data cannot say: `fields` (dotted paths below the struct) are filled or changed by code of this name. */
export type NamedRule = {
  readonly definition: string;
  readonly stage: Stage;
  readonly name: string;
  readonly fields: readonly string[];
  readonly does: string;
};

const core = (kind: string): string => `io.k8s.api.core.v1.${kind}`;
const apps = (kind: string): string => `io.k8s.api.apps.v1.${kind}`;
const batch = (kind: string): string => `io.k8s.api.batch.v1.${kind}`;
const autoscaling2 = (kind: string): string => `io.k8s.api.autoscaling.v2.${kind}`;

const rule = (definition: string, when: readonly When[], set: JsonObject, stage: Stage = 'default'): DataRule => ({
  definition,
  stage,
  when,
  set,
});
const named = (definition: string, name: string, fields: readonly string[], does: string, stage: Stage = 'default'): NamedRule => ({
  definition,
  stage,
  name,
  fields,
  does,
});

const isRollingUpdate: When = { field: 'type', equals: 'RollingUpdate' };
const deviceCount: readonly When[] = [{ field: 'allocationMode', equals: 'ExactCount' }];

/** In the order they apply within a struct: after its unconditional defaults, before anything in the structs below it. */
export const dataRules: readonly DataRule[] = [
  rule(apps('DeploymentStrategy'), [isRollingUpdate], { rollingUpdate: {} }),
  rule(apps('DaemonSetUpdateStrategy'), [isRollingUpdate], { rollingUpdate: {} }),
  // Only a strategy that names no type gets the struct; one that says RollingUpdate without it stays without.
  rule(apps('StatefulSetUpdateStrategy'), [{ field: 'type', absent: true }], { type: 'RollingUpdate', rollingUpdate: {} }),
  rule(
    batch('Job'),
    [
      { field: 'spec.completions', absent: true },
      { field: 'spec.parallelism', absent: true },
    ],
    { spec: { completions: 1 } },
  ),
  rule(batch('Job'), [{ field: 'spec.backoffLimitPerIndex', present: true }], { spec: { backoffLimit: 2147483647 } }),
  rule(batch('Job'), [{ field: 'spec.podFailurePolicy', present: true }], { spec: { podReplacementPolicy: 'Failed' } }),
  rule(batch('Job'), [], {
    spec: {
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: 'TerminatingOrFailed',
      manualSelector: false,
    },
  }),
  rule(core('ServiceSpec'), [{ field: 'sessionAffinity', equals: 'ClientIP' }], {
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
  }),
  rule(core('ServiceSpec'), [{ field: 'type', in: ['ClusterIP', 'NodePort', 'LoadBalancer'] }], { internalTrafficPolicy: 'Cluster' }),
  rule(core('ServiceSpec'), [{ field: 'type', in: ['NodePort', 'LoadBalancer'] }], { externalTrafficPolicy: 'Cluster' }),
  rule(
    core('ServiceSpec'),
    [
      { field: 'type', equals: 'ClusterIP' },
      { field: 'externalIPs', present: true },
    ],
    { externalTrafficPolicy: 'Cluster' },
  ),
  rule(core('ServiceSpec'), [{ field: 'type', equals: 'LoadBalancer' }], { allocateLoadBalancerNodePorts: true }),
  rule(core('Pod'), [], { spec: { enableServiceLinks: true } }),
  rule(core('Namespace'), [], { spec: { finalizers: ['kubernetes'] } }, 'create'),
  rule(autoscaling2('HorizontalPodAutoscalerSpec'), [{ field: 'metrics', absent: true }], {
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
  }),
  rule(autoscaling2('HorizontalPodAutoscalerSpec'), [{ field: 'behavior', present: true }], {
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 15 },
          { type: 'Percent', value: 100, periodSeconds: 15 },
        ],
      },
      scaleDown: { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
    },
  }),
  rule(
    'io.k8s.api.networking.v1.NetworkPolicySpec',
    [
      { field: 'policyTypes', absent: true },
      { field: 'egress', present: true },
    ],
    { policyTypes: ['Ingress', 'Egress'] },
  ),
  rule('io.k8s.api.networking.v1.NetworkPolicySpec', [], { policyTypes: ['Ingress'] }),
  rule('io.k8s.api.rbac.v1.Subject', [{ field: 'kind', in: ['User', 'Group'] }], { apiGroup: 'rbac.authorization.k8s.io' }),
  rule('io.k8s.api.resource.v1.ExactDeviceRequest', deviceCount, { count: 1 }),
  rule('io.k8s.api.resource.v1.DeviceSubRequest', deviceCount, { count: 1 }),
];

/** Defaults and preparations that need code; `does` says what the code has to do. */
export const namedRules: readonly NamedRule[] = [
  named(
    core('Container'),
    'imagePullPolicyByTag',
    ['imagePullPolicy'],
    'Always when the image has the tag latest, or neither tag nor digest; else IfNotPresent',
  ),
  named(core('EphemeralContainer'), 'imagePullPolicyByTag', ['imagePullPolicy'], 'as for Container'),
  named(core('ImageVolumeSource'), 'imagePullPolicyByTag', ['pullPolicy'], 'as for Container, from reference'),
  named(core('Volume'), 'emptyDirWithoutSource', ['emptyDir'], 'emptyDir: {} when no other source is set'),
  named(core('ServicePort'), 'targetPortFromPort', ['targetPort'], 'port, when targetPort is absent, 0 or ""'),
  named(
    core('ReplicationController'),
    'labelsFromTemplate',
    ['metadata.labels', 'spec.selector'],
    "the template's labels, each when empty",
  ),
  named(batch('Job'), 'labelsFromTemplate', ['metadata.labels'], "the template's labels, when the Job has none"),
  named(core('Namespace'), 'namespaceNameLabel', ['metadata.labels'], 'label kubernetes.io/metadata.name is the name, on every write'),
  named(core('NodeStatus'), 'allocatableFromCapacity', ['allocatable'], 'a copy of capacity, when absent'),
  named(
    core('LimitRangeItem'),
    'limitRangeDefaults',
    ['default', 'defaultRequest'],
    'type Container: default takes missing keys from max; then defaultRequest from default, then from min',
  ),
  named(
    core('PodSpec'),
    'serviceAccountAlias',
    ['serviceAccount'],
    'serviceAccount and serviceAccountName are always equal; serviceAccountName wins',
  ),
  named(
    core('Pod'),
    'requestsFromLimits',
    ['spec.containers.resources.requests', 'spec.initContainers.resources.requests'],
    'Pods only, not templates: missing requests are copied from limits',
  ),
  named(
    core('Pod'),
    'hostPortFromContainerPort',
    ['spec.containers.ports.hostPort', 'spec.initContainers.ports.hostPort'],
    'Pods only, with hostNetwork: hostPort is containerPort when absent',
  ),
  named(
    core('Pod'),
    'serviceAccountAdmission',
    ['spec.serviceAccountName', 'spec.volumes', 'spec.containers.volumeMounts', 'spec.initContainers.volumeMounts'],
    'ServiceAccount admission: name default; mounts a projected volume kube-api-access-XXXXX',
    'create',
  ),
  named(
    core('Pod'),
    'defaultTolerations',
    ['spec.tolerations'],
    'adds not-ready and unreachable NoExecute tolerations for 300 s',
    'create',
  ),
  named(
    core('Pod'),
    'priorityAdmission',
    ['spec.priority', 'spec.preemptionPolicy', 'spec.priorityClassName'],
    'from the PriorityClass, else 0 and PreemptLowerPriority',
    'create',
  ),
  named(
    core('Pod'),
    'podStatus',
    ['status.phase', 'status.qosClass'],
    'phase Pending; qosClass Guaranteed, Burstable or BestEffort by requests and limits',
    'create',
  ),
  named(
    core('Service'),
    'serviceAddresses',
    ['spec.clusterIP', 'spec.clusterIPs', 'spec.ipFamilies', 'spec.ipFamilyPolicy', 'spec.healthCheckNodePort', 'spec.ports.nodePort'],
    'allocated; not for type ExternalName; None stays None',
    'create',
  ),
  named(core('Secret'), 'stringDataToData', ['data', 'stringData'], 'stringData is merged into data, base64, and dropped', 'create'),
  named(core('ServiceSpec'), 'noAffinityConfig', ['sessionAffinityConfig'], 'dropped when sessionAffinity is None'),
  named(core('PersistentVolume'), 'phaseTransitionTime', ['status.lastPhaseTransitionTime'], 'the time of creation', 'create'),
  named(
    batch('Job'),
    'jobSelector',
    ['spec.selector', 'spec.template.metadata.labels'],
    'unless manualSelector: selector batch.kubernetes.io/controller-uid, and labels controller-uid and job-name (both also with the prefix batch.kubernetes.io/) on the template',
    'create',
  ),
  named(
    core('PersistentVolumeClaimSpec'),
    'dataSourceRefMirror',
    ['dataSource', 'dataSourceRef'],
    'each is copied to the other when that is absent, with apiGroup null when none',
    'create',
  ),
  named(core('Node'), 'nodeNotReadyTaint', ['spec.taints'], 'adds node.kubernetes.io/not-ready:NoSchedule', 'create'),
  named(
    'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
    'hpaTargetUtilization',
    ['spec.targetCPUUtilizationPercentage'],
    '80 when no metric is set',
  ),
  named(
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
    'crdNames',
    ['spec.names.singular', 'spec.names.listKind', 'status'],
    'singular is the lower-case kind, listKind is kind + List; status.storedVersions starts with the storage version',
  ),
  named('io.k8s.api.resource.v1.DeviceTaint', 'timeAdded', ['timeAdded'], 'now, to the second'),
];
