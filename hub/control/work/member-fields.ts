/** @module Fields that are the hub's own affair: what its API server filled in, and what it does itself. Pure. */
import { hasPath, parseFieldsV1 } from '../../../shared/kube/apply/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { bag, bags, groupKind } from '../kinds.ts';

/** Labels that a Job controller sets on the hub's side of things; the member's makes its own. */
const jobLabels = ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name'];

/** The entries of a map that are not `gone`. */
export const without = (map: unknown, isGone: (key: string) => boolean): { readonly [key: string]: unknown } =>
  Object.fromEntries(Object.entries(bag(map)).filter(([key]) => !isGone(key)));

/**
 * Tells what somebody wrote from what the API server filled in: that nobody owns. Of an object whose managedFields were taken away nothing
 * counts as written.
 */
const writtenIn = ({ metadata }: KubeObject): ((...path: readonly string[]) => boolean) => {
  const own = (metadata.managedFields ?? []).filter(({ subresource = '' }) => subresource === '');
  const trees = own.flatMap(({ fieldsV1 }) => parseFieldsV1(fieldsV1) ?? []);
  return (...path) => trees.some((tree) => hasPath(tree, path));
};

/** A Service without the addresses and node ports that the hub drew for it. */
const serviceSpec = (service: KubeObject): { readonly [key: string]: unknown } => {
  const isWritten = writtenIn(service);
  const spec = bag(service.spec);
  // An address is of one cluster's range: each member draws its own, whoever wrote the hub's.
  const isAddressed = spec.clusterIP === 'None';
  const ports = bags(spec.ports).map((port) => {
    const item = `k:{"port":${String(port.port)},"protocol":"${String(port.protocol)}"}`;
    return isWritten('f:spec', 'f:ports', item, 'f:nodePort') ? port : without(port, (key) => key === 'nodePort');
  });
  const isDrawn = (key: string): boolean =>
    (!isAddressed && (key === 'clusterIP' || key === 'clusterIPs')) ||
    (key === 'healthCheckNodePort' && !isWritten('f:spec', 'f:healthCheckNodePort'));
  return { ...without(spec, isDrawn), ...(spec.ports === undefined ? {} : { ports }) };
};

/** A Job without its selector, and without its end: the hub deletes it when its time is over, and with it what the members have of it. */
const jobSpec = (job: { readonly [key: string]: unknown }): { readonly [key: string]: unknown } => {
  const spec = without(job, (key) => key === 'ttlSecondsAfterFinished');
  if (spec.manualSelector === true) return spec;
  const template = bag(spec.template);
  const metadata = { ...bag(template.metadata), labels: without(bag(template.metadata).labels, (key) => jobLabels.includes(key)) };
  return { ...without(spec, (key) => key === 'selector'), template: { ...template, metadata } };
};

/** The object without fields that the hub's API server filled in for the hub, or that the hub sees to; what somebody wrote there is for the members as well. */
export const leftToMember = (object: KubeObject): KubeObject => {
  const spec = bag(object.spec);
  const withoutDrawn = (field: string): KubeObject =>
    writtenIn(object)('f:spec', `f:${field}`) ? object : { ...object, spec: without(spec, (key) => key === field) };
  switch (groupKind(object)) {
    case '/Service':
      return { ...object, spec: serviceSpec(object) };
    case '/PersistentVolumeClaim':
      return withoutDrawn('volumeName');
    case '/ServiceAccount':
      return without(object, (key) => key === 'secrets') as KubeObject;
    case '/Pod':
      return withoutDrawn('nodeName');
    case 'batch/Job':
      return { ...object, spec: jobSpec(spec) };
    default:
      return object;
  }
};
