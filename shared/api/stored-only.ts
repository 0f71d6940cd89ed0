/**
 * @module Kinds that serve other kinds, and do not do so where they are: their words for the `Warning` header of a create. What else is stored
 * only (quotas, admission configuration) is taken in silence, as a Kubernetes API server takes it: clients compare its words.
 */
import type { ResourceType } from '../kube/resource.ts';

/** A place that stores more than it acts on. */
export type StoringPlace = 'hub' | 'playground';

type Words = Readonly<Partial<Record<StoringPlace, string>>>;

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
