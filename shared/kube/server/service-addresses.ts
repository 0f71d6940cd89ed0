/** @module Cluster IPs and node ports for Services, taken from ranges; what is in use is read from the store. */
import type { Env } from '../../lib/index.ts';
import type { KubeObject } from '../object.ts';
import type { Store, Stored } from '../storage/index.ts';

/** A range of IPv4 addresses and of ports. */
export type AddressRanges = {
  /** First address of the range, dotted. */
  readonly firstAddress: string;
  readonly addressCount: number;
  readonly firstPort: number;
  readonly portCount: number;
};

/** The ranges that kube-apiserver has when nothing is said (10.96.0.0/12 is kubeadm's). */
export const DEFAULT_RANGES: AddressRanges = { firstAddress: '10.96.0.10', addressCount: 65_000, firstPort: 30_000, portCount: 2_768 };

/** Draws before giving up on a range that is nearly full. */
const DRAWS_MAX = 100;

type Addressed = { readonly clusterIPs?: readonly string[]; readonly ports?: readonly { readonly nodePort?: number }[] };

const specOf = ({ object }: Stored): Addressed => (object['spec'] ?? {}) as Addressed;

const portsOf = (spec: Addressed): number[] => (spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []);

/** Finds addresses that no Service in the store has. Each answer is undefined when the range is full. */
export const serviceAddresses = (store: Pick<Store, 'list'>, env: Pick<Env, 'random'>, ranges: AddressRanges = DEFAULT_RANGES) => {
  const draw = <T>(count: number, at: (index: number) => T, used: ReadonlySet<T>): T | undefined => {
    for (let n = 0; n < DRAWS_MAX; n++) {
      const candidate = at(Math.floor(env.random() * count));
      if (!used.has(candidate)) return candidate;
    }
    for (let index = 0; index < count; index++) if (!used.has(at(index))) return at(index);
    return undefined;
  };
  const services = () => store.list('/services/');
  return {
    clusterIp: (): string | undefined => {
      const used = new Set(services().flatMap((stored) => specOf(stored).clusterIPs ?? []));
      return draw(ranges.addressCount, (index) => addressAt(ranges.firstAddress, index), used);
    },
    nodePort: (taken: readonly number[]): number | undefined => {
      const used = new Set([...taken, ...services().flatMap((stored) => portsOf(specOf(stored)))]);
      return draw(ranges.portCount, (index) => ranges.firstPort + index, used);
    },
    takenBesides: ({ metadata: { namespace, name } }: KubeObject) => {
      const others = services().filter(({ object: { metadata } }) => metadata.name !== name || metadata.namespace !== namespace);
      const specs = others.map(specOf);
      return {
        clusterIps: new Set(specs.flatMap((spec) => spec.clusterIPs ?? []).filter((ip) => ip !== 'None')),
        nodePorts: new Set(specs.flatMap(portsOf)),
      };
    },
    nodePortRange: { first: ranges.firstPort, last: ranges.firstPort + ranges.portCount - 1 },
  };
};

const addressAt = (first: string, index: number): string => {
  const value = first.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) + index;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
};
