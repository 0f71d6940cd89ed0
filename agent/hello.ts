/** @module What the agent says of itself and its cluster in a hello. */
import type { Served } from './cluster/index.ts';
import type { HelloFacts } from './link/port.ts';

/** Who knows what. */
export type HelloSources = {
  readonly agentVersion: string;
  readonly clusterUID: string | undefined;
  readonly served: Served | undefined;
  readonly inventory: { readonly runtimeClasses: () => HelloFacts['runtimeClasses']; readonly labels: () => HelloFacts['labels'] };
  /** Where the other agents reach this one. */
  readonly meshAddresses: readonly string[];
  /** Where resolvers reach its name server. */
  readonly dnsAddresses: readonly string[];
  /** Where others may look at its API server; undefined = they cannot, as far as it knows. */
  readonly apiAddress: string | undefined;
};

/** The facts; undefined until it is known what the member serves. */
export const helloOf = (sources: HelloSources): HelloFacts | undefined => {
  const { agentVersion, clusterUID, served, inventory, meshAddresses, dnsAddresses, apiAddress } = sources;
  if (served === undefined) return undefined;
  return {
    agentVersion,
    ...(clusterUID === undefined ? {} : { clusterUID }),
    kubernetesVersion: served.kubernetesVersion,
    apis: served.apis,
    runtimeClasses: inventory.runtimeClasses(),
    labels: inventory.labels(),
    ...(meshAddresses.length === 0 ? {} : { meshAddresses }),
    ...(dnsAddresses.length === 0 ? {} : { dnsAddresses }),
    ...(apiAddress === undefined ? {} : { apiAddress }),
  };
};
