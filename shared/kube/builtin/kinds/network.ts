/** @module Ingress, IngressClass, NetworkPolicy, EndpointSlice (kubernetes `registry/networking`, `registry/discovery`). */
import type { KubeObject } from '../../object.ts';
import type { KindParts } from '../kind.ts';
import { endpointSliceFaults, endpointSliceUpdateFaults } from '../validate/endpoint-slice.ts';
import { sameValue } from '../validate/equal.ts';
import { ingressFaults, newIngressFaults } from '../validate/ingress.ts';
import { networkPolicyFaults } from '../validate/network-policy.ts';

const labelsChanged = (object: KubeObject, old: KubeObject): boolean => !sameValue(object.metadata.labels ?? {}, old.metadata.labels ?? {});

/** By `<group>/<resource>`. */
export const networkKinds: Readonly<Record<string, KindParts>> = {
  'networking.k8s.io/ingresses': { tracksGeneration: true, strategy: { validate: newIngressFaults, validateUpdate: ingressFaults } },
  'networking.k8s.io/ingressclasses': { tracksGeneration: true },
  'networking.k8s.io/networkpolicies': { tracksGeneration: true, strategy: { validate: networkPolicyFaults } },
  'discovery.k8s.io/endpointslices': {
    tracksGeneration: true,
    strategy: {
      validate: (object) => endpointSliceFaults(object),
      validateUpdate: endpointSliceUpdateFaults,
      countsChange: (object, old, differs) => differs || labelsChanged(object, old),
    },
  },
};
