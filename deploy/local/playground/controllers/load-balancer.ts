/**
 * @module Load balancer: a Service of that type gets an address that nobody else has. Nothing listens there: 198.18.0.0/15 is for tests
 * (RFC 2544). One with a `loadBalancerClass` is left to whoever serves that class, as clouds do.
 */
import { hash32 } from '../../../../shared/lib/index.ts';
import { type Controller, keyOf, resources, settled, statusUpdate } from '../controller.ts';
import type { Service } from '../objects.ts';

const addressOf = (uid: string): string => {
  const hash = hash32(uid);
  return `198.${18 + (hash & 1)}.${(hash >>> 1) & 0xff}.${1 + ((hash >>> 9) % 254)}`;
};

export const loadBalancerController: Controller = {
  name: 'load-balancer',
  watches: [{ type: resources.services, keysOf: (object) => [keyOf(object)] }],
  reconcile: (view, namespace, name) => {
    const service = view.get<Service>(resources.services, namespace, name);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return settled;
    if (service.spec.type !== 'LoadBalancer' || service.spec.loadBalancerClass !== undefined) return settled;
    const ingress = [{ ip: addressOf(service.metadata.uid ?? name), ipMode: 'VIP' }];
    return { actions: statusUpdate(resources.services, service, { loadBalancer: { ingress } }) };
  },
};
