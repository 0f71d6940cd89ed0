/** @module Service: an EndpointSlice of the ready pods behind the selector. */
import type { KubeObject } from '../../../../shared/kube/object.ts';
import { matchesLabels, selectorFromMap } from '../../../../shared/kube/selectors/index.ts';
import { type Controller, keyOf, resources, settled } from '../controller.ts';
import { controllerRef, isReady, type Pod, type Service } from '../objects.ts';

type Endpoint = { addresses: string[]; conditions: object; nodeName?: string; targetRef: object };

const endpointOf = (pod: Pod): Endpoint => ({
  addresses: [pod.status?.podIP ?? ''],
  conditions: { ready: isReady(pod), serving: isReady(pod), terminating: pod.metadata.deletionTimestamp !== undefined },
  ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
  targetRef: { kind: 'Pod', namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid },
});

/** A port's number on this pod: a name is looked up among its containers. */
const targetPortOf = (target: number | string | undefined, port: number, pod: Pod | undefined): number => {
  if (typeof target === 'number') return target;
  const named = pod?.spec.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === target);
  return named?.containerPort ?? port;
};

const sliceOf = (service: Service, pods: readonly Pod[]): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: `${service.metadata.name}-0`,
    namespace: service.metadata.namespace ?? 'default',
    labels: {
      ...service.metadata.labels,
      'kubernetes.io/service-name': service.metadata.name,
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    },
    ownerReferences: [controllerRef(service)],
  },
  addressType: 'IPv4',
  ports: (service.spec.ports ?? []).map(({ name = '', port, targetPort, protocol = 'TCP' }) => ({
    name,
    protocol,
    port: targetPortOf(targetPort, port, pods[0]),
  })),
  endpoints: pods.map(endpointOf),
});

const sameContent = (a: KubeObject, b: KubeObject): boolean =>
  JSON.stringify([a.ports, a.endpoints]) === JSON.stringify([b.ports, b.endpoints]);

export const serviceController: Controller = {
  name: 'service',
  watches: [
    { type: resources.services, keysOf: (object) => [keyOf(object)] },
    {
      type: resources.pods,
      keysOf: (pod, view) =>
        view
          .list<Service>(resources.services, pod.metadata.namespace ?? '')
          .filter(({ spec }) => spec.selector !== undefined && matchesLabels(selectorFromMap(spec.selector), pod.metadata.labels))
          .map(keyOf),
    },
  ],
  reconcile: (view, namespace, name) => {
    const service = view.get<Service>(resources.services, namespace, name);
    const selector = service?.spec.selector;
    if (
      service === undefined ||
      service.metadata.deletionTimestamp !== undefined ||
      selector === undefined ||
      Object.keys(selector).length === 0
    )
      return settled;
    const pods = view
      .list<Pod>(resources.pods, namespace)
      .filter(
        (pod) =>
          pod.status?.podIP !== undefined &&
          pod.status.phase === 'Running' &&
          matchesLabels(selectorFromMap(selector), pod.metadata.labels),
      );
    const wanted = sliceOf(service, pods);
    const present = view.get(resources.endpointSlices, namespace, wanted.metadata.name);
    if (present === undefined) return { actions: [{ do: 'create', type: resources.endpointSlices, object: wanted }] };
    if (sameContent(present, wanted)) return settled;
    return {
      actions: [{ do: 'update', type: resources.endpointSlices, object: { ...present, ports: wanted.ports, endpoints: wanted.endpoints } }],
    };
  },
};
