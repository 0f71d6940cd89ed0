/** @module A cluster's name server: the shipped reply to the bytes of a query, from the zones that its agent made, without sockets. */
import packet from 'dns-packet';
import { replyTo } from '../../../agent/dns/message.ts';
import { type CompiledZone, compileZones, type DnsZone } from '../../../shared/traffic/dns/index.ts';
import type { Process } from '../process.ts';

/** What a resolver makes of a reply: `empty` = with authority there is no address, kept as long as an address would be. */
export type NameReply =
  | { readonly kind: 'address'; readonly address: string; readonly ttlSeconds: number }
  | { readonly kind: 'empty'; readonly ttlSeconds: number };

/** The name server of one incarnation of an agent. */
export type NameServer = {
  readonly setZones: (zones: readonly DnsZone[]) => void;
  /** What it says of a name; undefined = ask another server, this one is silent or knows nothing of the zone. */
  readonly ask: (name: string) => NameReply | undefined;
  readonly close: () => Promise<void>;
};

const queries = new Map<string, Buffer>();
const queryFor = (name: string): Buffer => {
  const known = queries.get(name) ?? packet.encode({ type: 'query', id: 1, questions: [{ type: 'A', name, class: 'IN' }] });
  queries.set(name, known);
  return known;
};

/** Time that nothing is kept where the server does not say. */
const negativeTtlSeconds = 5;

/** A server without zones. */
export const createNameServer = (process: Process): NameServer => {
  let zones: readonly CompiledZone[] | undefined;
  return {
    setZones: (next) => {
      zones = compileZones(next);
    },
    ask: (name) => {
      if (!process.alive() || !process.isAwake()) return undefined;
      const { bytes, outcome } = replyTo(zones, queryFor(name), 'udp', process.env.random);
      if (bytes === undefined || (outcome !== 'NOERROR' && outcome !== 'NXDOMAIN')) return undefined;
      for (const answer of packet.decode(bytes).answers ?? [])
        if (answer.type === 'A') return { kind: 'address', address: answer.data, ttlSeconds: answer.ttl ?? 0 };
      return { kind: 'empty', ttlSeconds: negativeTtlSeconds };
    },
    close: async () => undefined,
  };
};
