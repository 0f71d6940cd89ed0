/** @module Which function makes the table row of which kind. */
import type { TableCells } from '../../resource.ts';
import { autoscalerCells } from './autoscaler.ts';
import * as cluster from './cluster.ts';
import * as network from './network.ts';
import { podCells, podTemplateCells } from './pods.ts';
import * as policies from './policies.ts';
import * as storage from './storage.ts';
import * as workloads from './workloads.ts';

export { ageCell, humanDuration, timeMs } from './common.ts';

/** Rows by `<group>/<resource>`; kinds with more than one version are given the stored one. */
const cellsByResource: Readonly<Record<string, TableCells>> = {
  '/componentstatuses': cluster.componentStatusCells,
  '/configmaps': cluster.configMapCells,
  '/endpoints': network.endpointsCells,
  '/events': cluster.eventCells,
  '/limitranges': cluster.createdCells,
  '/namespaces': cluster.namespaceCells,
  '/nodes': cluster.nodeCells,
  '/persistentvolumeclaims': storage.claimCells,
  '/persistentvolumes': storage.volumeCells,
  '/pods': podCells,
  '/podtemplates': podTemplateCells,
  '/replicationcontrollers': workloads.replicationControllerCells,
  '/resourcequotas': cluster.quotaCells,
  '/secrets': cluster.secretCells,
  '/services': network.serviceCells,
  'admissionregistration.k8s.io/mutatingadmissionpolicies': policies.admissionPolicyCells('mutations'),
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': policies.admissionBindingCells,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': policies.webhookCells,
  'admissionregistration.k8s.io/validatingadmissionpolicies': policies.admissionPolicyCells('validations'),
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': policies.admissionBindingCells,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': policies.webhookCells,
  'apiextensions.k8s.io/customresourcedefinitions': cluster.createdCells,
  'apiregistration.k8s.io/apiservices': cluster.apiServiceCells,
  'apps/controllerrevisions': workloads.controllerRevisionCells,
  'apps/daemonsets': workloads.daemonSetCells,
  'apps/deployments': workloads.deploymentCells,
  'apps/replicasets': workloads.replicaSetCells,
  'apps/statefulsets': workloads.statefulSetCells,
  'autoscaling/horizontalpodautoscalers': autoscalerCells,
  'batch/cronjobs': workloads.cronJobCells,
  'batch/jobs': workloads.jobCells,
  'certificates.k8s.io/certificatesigningrequests': policies.signingRequestCells,
  'coordination.k8s.io/leases': cluster.leaseCells,
  'discovery.k8s.io/endpointslices': network.endpointSliceCells,
  'events.k8s.io/events': cluster.eventCells,
  'flowcontrol.apiserver.k8s.io/flowschemas': policies.flowSchemaCells,
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': policies.priorityLevelCells,
  'networking.k8s.io/ingressclasses': network.ingressClassCells,
  'networking.k8s.io/ingresses': network.ingressCells,
  'networking.k8s.io/ipaddresses': network.ipAddressCells,
  'networking.k8s.io/networkpolicies': network.networkPolicyCells,
  'networking.k8s.io/servicecidrs': network.serviceCidrCells,
  'node.k8s.io/runtimeclasses': cluster.runtimeClassCells,
  'policy/poddisruptionbudgets': workloads.disruptionBudgetCells,
  'rbac.authorization.k8s.io/clusterrolebindings': cluster.bindingCells,
  'rbac.authorization.k8s.io/clusterroles': cluster.createdCells,
  'rbac.authorization.k8s.io/rolebindings': cluster.bindingCells,
  'rbac.authorization.k8s.io/roles': cluster.createdCells,
  'resource.k8s.io/resourceclaims': policies.resourceClaimCells,
  'resource.k8s.io/resourceslices': policies.resourceSliceCells,
  'scheduling.k8s.io/priorityclasses': cluster.priorityClassCells,
  'storage.k8s.io/csidrivers': storage.csiDriverCells,
  'storage.k8s.io/csinodes': storage.csiNodeCells,
  'storage.k8s.io/csistoragecapacities': cluster.createdCells,
  'storage.k8s.io/storageclasses': storage.storageClassCells,
  'storage.k8s.io/volumeattachments': storage.attachmentCells,
  'storage.k8s.io/volumeattributesclasses': storage.attributesClassCells,
};

/** The row of a kind; name and age when it has none of its own. */
export const cellsOf = (group: string, resource: string): TableCells => cellsByResource[`${group}/${resource}`] ?? cluster.plainCells;
