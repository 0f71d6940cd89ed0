/** @module Who takes part in finding out who died, from the Clusters, what their agents said, and the policy. Pure. */
import {
  type Cluster,
  clusterLabels,
  effectiveFailover,
  type FailoverPolicySpec,
  isMember,
  meshPolicyOf,
} from '../../../shared/api/index.ts';
import { hubName, type Member, type Membership, type ProbeAddress } from '../../../shared/wire/mesh.ts';
import type { Liveness } from '../cluster/liveness.ts';
import { probesIn } from './probes.ts';

/** A Cluster, and where its agent takes datagrams. */
export type MemberSource = {
  readonly cluster: Cluster;
  readonly meshAddresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** What the hub thinks of it. */
  readonly liveness: Liveness;
};

/** What changes rarely: without what each giving adds. */
export type Membered = Pick<Membership, 'members' | 'policy'>;

/** Capacity is rounded to this, so that a node more or less is no new membership: ten cores. */
const capacityStep = 10_000;

/** Provider and region; clusters of which neither is known share one domain, so that they alone make no majority. */
export const domainOf = (labels: Readonly<Record<string, string>>): string => {
  const provider = labels[clusterLabels.provider] ?? '';
  const region = labels[clusterLabels.region] ?? '';
  return provider === '' && region === '' ? 'unknown' : `${provider}/${region}`;
};

/**
 * Its requests go elsewhere where it is not heard: the hub has given it up, or where no verdict and no limit lets it a person did, by draining
 * what is silent.
 */
const isLost = ({ cluster: { spec, status }, liveness }: MemberSource): boolean =>
  status?.givenUpSince !== undefined || (spec.drain !== undefined && isSilent(liveness));

/** Others may see the agent's cluster run where there is doubt; what is found dead moves by the verdict. */
const isSilent = (state: Liveness): boolean => {
  switch (state.is) {
    case 'Heard':
    case 'Doubtful':
      return false;
    case 'Dead':
      return state.replicas !== 'Wait';
    default:
      return true;
  }
};

/** What has never told its capacity has been given no replicas; of what has, a small one or one without nodes is one step large. */
const sizeOf = ({ status }: Cluster): number =>
  status?.capacity === undefined ? 0 : Math.max(1, Math.round((status.capacity.allocatable.cpu ?? 0) / capacityStep)) * capacityStep;

const memberOf = (source: MemberSource, probes: readonly ProbeAddress[]): Member => {
  const { cluster, meshAddresses, labels } = source;
  const { metadata, spec, status } = cluster;
  return {
    name: metadata.name,
    role: spec.role === 'Witness' ? 'Witness' : 'Cluster',
    publicKey: status?.agent?.publicKey ?? '',
    addresses: meshAddresses,
    domain: domainOf({ ...labels, ...metadata.labels }),
    capacity: sizeOf(cluster),
    probes,
    ...(isLost(source) ? { isLost: true } : {}),
    ...(spec.drain === undefined ? {} : { isDrained: true }),
  };
};

/** Members sorted by name, the hub last where it is a witness. */
export const membersOf = (sources: readonly MemberSource[], spec: FailoverPolicySpec, hubKey: string): Membered => {
  const counted = sources.filter(({ cluster }) => isMember(cluster));
  const probes = probesIn(counted.map(({ cluster }) => cluster));
  const members = counted
    .map((source) => memberOf(source, probes.get(source.cluster.metadata.name) ?? []))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const hub: Member = { name: hubName, role: 'Witness', publicKey: hubKey, addresses: [], domain: hubName, capacity: 0, probes: [] };
  const hasHub = effectiveFailover(spec).detection.witness === 'Hub';
  return { members: hasHub ? [...members, hub] : members, policy: meshPolicyOf(spec) };
};
