/** @module The fields that objects of some kinds can be selected by (kubernetes registry strategies, `ToSelectableFields`). */
import type { KubeObject } from '../../object.ts';
import { at, listAt, numberAt, textAt } from '../read.ts';

type Fields = (object: KubeObject) => Readonly<Record<string, string>>;

const texts =
  (...paths: readonly string[]): Fields =>
  (object) =>
    Object.fromEntries(paths.map((path) => [path, textAt(object, ...path.split('.'))]));

const truth = (object: KubeObject, ...path: readonly string[]): string => String(at(object, ...path) === true);

const podIps = (pod: KubeObject): string[] => listAt(pod, 'status', 'podIPs').map((one) => textAt(one, 'ip'));

const podTexts = texts(
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.phase',
  'status.nominatedNodeName',
);

const podFields: Fields = (pod) => ({
  ...podTexts(pod),
  'spec.hostNetwork': truth(pod, 'spec', 'hostNetwork'),
  'status.podIP': podIps(pod)[0] ?? '',
});

const eventTexts = texts(
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'type',
);

const eventFields: Fields = (event) => ({
  ...eventTexts(event),
  source: textAt(event, 'source', 'component') || textAt(event, 'reportingComponent'),
});

/** Of events.k8s.io: the same under its own names. */
const newEventFields: Fields = (event) => {
  const regarding = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
  return {
    ...Object.fromEntries(regarding.map((field) => [`regarding.${field}`, textAt(event, 'regarding', field)])),
    reason: textAt(event, 'reason'),
    reportingController: textAt(event, 'reportingController'),
    type: textAt(event, 'type'),
  };
};

/** By `<group>/<resource>`. */
export const fieldsByResource: Readonly<Record<string, Fields>> = {
  '/events': eventFields,
  '/namespaces': texts('status.phase'),
  '/nodes': (node) => ({ 'spec.unschedulable': truth(node, 'spec', 'unschedulable') }),
  '/pods': podFields,
  '/replicationcontrollers': (object) => ({ 'status.replicas': String(numberAt(object, 'status', 'replicas')) }),
  '/secrets': texts('type'),
  '/services': texts('spec.clusterIP', 'spec.type'),
  'batch/jobs': (object) => ({ 'status.successful': String(numberAt(object, 'status', 'succeeded')) }),
  'certificates.k8s.io/certificatesigningrequests': texts('spec.signerName'),
  'events.k8s.io/events': newEventFields,
  'resource.k8s.io/resourceslices': texts('spec.nodeName', 'spec.driver'),
};
