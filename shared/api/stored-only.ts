/** @module Kinds that can be written and have no effect where they are: their words for the `Warning` header of a create. */
import type { ResourceType } from '../kube/resource.ts';

/** A place that stores more than it acts on. */
export type StoringPlace = 'hub' | 'playground';

type Words = Readonly<Partial<Record<StoringPlace, string>>>;

const sent = 'a ClusterPlacementPolicy that selects it sends it to the members, which act on it';
const admission: Words = {
  hub: `is stored and not asked: the hub runs no admission but its own; ${sent}`,
  playground: 'is stored and not asked: a playground cluster runs no admission policies and webhooks',
};
const limits: Words = {
  hub: 'is stored and enforced nowhere at the hub: a PlacementPolicy that selects it sends it to the members, which enforce it',
  playground: 'is stored and not enforced by a playground cluster',
};
const flow: Words = {
  hub: `is stored and limits nothing at the hub; ${sent}`,
  playground: 'is stored and limits nothing in a playground cluster',
};

/** By `group/Kind`. */
const words: Readonly<Record<string, Words>> = {
  'apiextensions.k8s.io/CustomResourceDefinition': {
    hub: 'is stored and not served: the hub serves the kinds that its members serve; apply it to the members, or let a ClusterPlacementPolicy that selects it send it to them',
    playground: 'is stored and not served: a playground cluster serves the kinds that it was built with',
  },
  'apiregistration.k8s.io/APIService': {
    hub: 'is stored and not served: the hub passes no requests on to other API servers',
    playground: 'is stored and not served: a playground cluster passes no requests on to other API servers',
  },
  '/ResourceQuota': limits,
  '/LimitRange': limits,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': admission,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': admission,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': admission,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': admission,
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': admission,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': admission,
  'flowcontrol.apiserver.k8s.io/FlowSchema': flow,
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': flow,
};

/** The types, of which those that have no effect there say so when an object is made. */
export const sayingWhatIsStoredOnly = (types: readonly ResourceType[], place: StoringPlace): ResourceType[] =>
  types.map((type) => {
    const text = words[`${type.group}/${type.kind}`]?.[place];
    if (text === undefined) return type;
    const { warnings } = type.strategy;
    return {
      ...type,
      strategy: {
        ...type.strategy,
        warnings: (object, old) => [
          ...(old === undefined ? [`${type.kind} ${object.metadata.name} ${text}`] : []),
          ...(warnings?.(object, old) ?? []),
        ],
      },
    };
  });
