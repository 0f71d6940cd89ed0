/** @module What a cluster's death could be told by: who watches it and how. What lacks is said before anything dies. Pure. */
import { neededOf, observersOf } from '../../../shared/health/index.ts';
import { hubName, type Member } from '../../../shared/wire/mesh.ts';
import type { Membered } from './membership.ts';

/** How one cluster is watched. */
export type Watched = Pick<Member, 'role' | 'probes' | 'addresses'> & {
  readonly name: string;
  /** Who votes on it, without those that the hub has given up: these watch nobody. */
  readonly observers: number;
  readonly givenUp: number;
  /** Failure domains that they are in, and those that a verdict takes. */
  readonly domains: number;
  readonly domainsMin: number;
};

/** How the cluster is watched; undefined where it takes no part. */
export const watchedIn = (membership: Membered, name: string): Watched | undefined => {
  const member = membership.members.find((one) => one.name === name);
  if (member === undefined) return undefined;
  const assigned = observersOf(name, membership, hubName);
  const observers = assigned.filter(({ isLost }) => isLost !== true);
  const domains = new Set(observers.map(({ domain }) => domain)).size;
  const { role, probes, addresses } = member;
  return {
    name,
    role,
    probes,
    addresses,
    observers: observers.length,
    givenUp: assigned.length - observers.length,
    domains,
    domainsMin: membership.policy.domainsMin,
  };
};

/** A condition, but for when it turned. */
type Finding = { readonly type: string; readonly status: 'True' | 'False'; readonly reason: string; readonly message: string };

type Lack = { readonly reason: string; readonly message: string };

const patch = (name: string, spec: object): string => `kubectl patch cluster ${name} --type merge -p '${JSON.stringify({ spec })}'`;

const lacksOf = ({ name, role, probes, addresses, observers, domains, domainsMin }: Watched): Lack[] => {
  const example = { probes: [{ role: 'Gateway', url: 'https://GATEWAY/healthz' }] };
  const lacks: readonly (Lack & { readonly isLacking: boolean })[] = [
    {
      isLacking: observers < neededOf(observers),
      reason: 'TooFewObservers',
      message: `a verdict takes ${neededOf(observers)} observers and it has ${observers}: join another cluster, or one with spec.role Witness, or set detection.witness of the FailoverPolicy to Hub`,
    },
    {
      isLacking: domains < domainsMin && observers >= neededOf(observers),
      reason: 'OneDomain',
      message: `its observers are in ${domains} failure ${domains === 1 ? 'domain' : 'domains'} and a verdict takes ${domainsMin}: label Clusters with hanse.dev/provider and topology.kubernetes.io/region, or set detection.quorumDomains of the FailoverPolicy`,
    },
    {
      isLacking: probes.length === 0 && role === 'Cluster',
      reason: 'NoProbes',
      message: `no address is known by which its death could be told from its agent's, so no vote moves anything, and with the hub dead nothing does: ${patch(name, example)}`,
    },
    {
      isLacking: addresses.length === 0,
      reason: 'NoDatagrams',
      message:
        'its agent takes no datagrams, so with the broker dead nobody hears it: start it with --mesh-listen 0.0.0.0:7472 --mesh-address HOST',
    },
  ];
  return lacks.flatMap(({ isLacking, reason, message }) => (isLacking ? [{ reason, message }] : []));
};

const observersText = ({ observers, givenUp }: Watched): string =>
  givenUp === 0 ? `${observers} observers watch` : `${observers} of ${observers + givenUp} observers (the hub has given up the rest) watch`;

/** Whether the others can tell its death by themselves. */
export const failoverCondition = (watched: Watched): Finding => {
  const type = 'FailoverReady';
  const lacks = lacksOf(watched);
  const [first] = lacks;
  if (first !== undefined) return { type, status: 'False', reason: first.reason, message: lacks.map(({ message }) => message).join('; ') };
  const looks = watched.probes.map(({ url }) => url).join(', ');
  return {
    type,
    status: 'True',
    reason: 'Watched',
    message: `${observersText(watched)} it${looks === '' ? '' : ` and look at ${looks}`}`,
  };
};
