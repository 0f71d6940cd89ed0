/** @module Go's own names of the string types that OpenAPI tells only as `string`: `v1.SecretType`. */

/** By definition and field; the package is the definition's. */
const names: Readonly<Record<string, string>> = {
  'core.v1.AppArmorProfile.type': 'AppArmorProfileType',
  'core.v1.Capabilities.add': 'Capability',
  'core.v1.Capabilities.drop': 'Capability',
  'core.v1.Container.imagePullPolicy': 'PullPolicy',
  'core.v1.Container.terminationMessagePolicy': 'TerminationMessagePolicy',
  'core.v1.ContainerPort.protocol': 'Protocol',
  'core.v1.EmptyDirVolumeSource.medium': 'StorageMedium',
  'core.v1.EndpointPort.protocol': 'Protocol',
  'core.v1.HTTPGetAction.scheme': 'URIScheme',
  'core.v1.HostPathVolumeSource.type': 'HostPathType',
  'core.v1.LimitRangeItem.type': 'LimitType',
  'core.v1.NamespaceSpec.finalizers': 'FinalizerName',
  'core.v1.NamespaceStatus.phase': 'NamespacePhase',
  'core.v1.NodeSelectorRequirement.operator': 'NodeSelectorOperator',
  'core.v1.PersistentVolumeClaimSpec.accessModes': 'PersistentVolumeAccessMode',
  'core.v1.PersistentVolumeClaimSpec.volumeMode': 'PersistentVolumeMode',
  'core.v1.PersistentVolumeSpec.accessModes': 'PersistentVolumeAccessMode',
  'core.v1.PersistentVolumeSpec.persistentVolumeReclaimPolicy': 'PersistentVolumeReclaimPolicy',
  'core.v1.PersistentVolumeSpec.volumeMode': 'PersistentVolumeMode',
  'core.v1.PodSpec.dnsPolicy': 'DNSPolicy',
  'core.v1.PodSpec.preemptionPolicy': 'PreemptionPolicy',
  'core.v1.PodSpec.restartPolicy': 'RestartPolicy',
  'core.v1.ResourceQuotaSpec.scopes': 'ResourceQuotaScope',
  'core.v1.Secret.type': 'SecretType',
  'core.v1.ServicePort.protocol': 'Protocol',
  'core.v1.ServiceSpec.externalTrafficPolicy': 'ServiceExternalTrafficPolicy',
  'core.v1.ServiceSpec.internalTrafficPolicy': 'ServiceInternalTrafficPolicy',
  'core.v1.ServiceSpec.ipFamilies': 'IPFamily',
  'core.v1.ServiceSpec.ipFamilyPolicy': 'IPFamilyPolicy',
  'core.v1.ServiceSpec.sessionAffinity': 'ServiceAffinity',
  'core.v1.ServiceSpec.type': 'ServiceType',
  'core.v1.Taint.effect': 'TaintEffect',
  'core.v1.Toleration.effect': 'TaintEffect',
  'core.v1.Toleration.operator': 'TolerationOperator',
  'core.v1.TopologySpreadConstraint.nodeAffinityPolicy': 'NodeInclusionPolicy',
  'core.v1.TopologySpreadConstraint.nodeTaintsPolicy': 'NodeInclusionPolicy',
  'core.v1.TopologySpreadConstraint.whenUnsatisfiable': 'UnsatisfiableConstraintAction',
  'apps.v1.DaemonSetUpdateStrategy.type': 'DaemonSetUpdateStrategyType',
  'apps.v1.DeploymentCondition.status': 'ConditionStatus',
  'apps.v1.DeploymentCondition.type': 'DeploymentConditionType',
  'apps.v1.DeploymentStrategy.type': 'DeploymentStrategyType',
  'apps.v1.StatefulSetSpec.podManagementPolicy': 'PodManagementPolicyType',
  'apps.v1.StatefulSetUpdateStrategy.type': 'StatefulSetUpdateStrategyType',
  'autoscaling.v2.HPAScalingPolicy.type': 'HPAScalingPolicyType',
  'autoscaling.v2.HPAScalingRules.selectPolicy': 'ScalingPolicySelect',
  'autoscaling.v2.MetricSpec.type': 'MetricSourceType',
  'autoscaling.v2.MetricTarget.type': 'MetricTargetType',
  'autoscaling.v2.ResourceMetricSource.name': 'ResourceName',
  'batch.v1.CronJobSpec.concurrencyPolicy': 'ConcurrencyPolicy',
  'batch.v1.JobCondition.type': 'JobConditionType',
  'batch.v1.JobSpec.completionMode': 'CompletionMode',
  'batch.v1.JobSpec.podReplacementPolicy': 'PodReplacementPolicy',
  'discovery.v1.EndpointSlice.addressType': 'AddressType',
  'discovery.v1.EndpointPort.protocol': 'Protocol',
  'networking.v1.HTTPIngressPath.pathType': 'PathType',
  'networking.v1.NetworkPolicyPort.protocol': 'Protocol',
  'networking.v1.NetworkPolicySpec.policyTypes': 'PolicyType',
  'policy.v1.PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy': 'UnhealthyPodEvictionPolicyType',
  'scheduling.v1.PriorityClass.preemptionPolicy': 'PreemptionPolicy',
  'storage.v1.StorageClass.reclaimPolicy': 'PersistentVolumeReclaimPolicy',
  'storage.v1.StorageClass.volumeBindingMode': 'VolumeBindingMode',
  'meta.v1.LabelSelectorRequirement.operator': 'LabelSelectorOperator',
  'meta.v1.ObjectMeta.uid': 'UID',
  'meta.v1.OwnerReference.uid': 'UID',
};

/** Names that come from another package than the field's definition. */
const foreign: Readonly<Record<string, string>> = { UID: 'types' };

/** The Go type of a string field of a definition (`io.k8s.api.core.v1.Secret`, `type`); undefined when it is plain `string`. */
export const goNameOf = (definition: string, field: string): string | undefined => {
  const [group = '', version = '', kind = ''] = definition.split('.').slice(-3);
  const name = names[`${group}.${version}.${kind}.${field}`];
  return name === undefined ? undefined : `${foreign[name] ?? version}.${name}`;
};
