/** @module The agent's authoritative name server. */
export { type DnsServer, type DnsServerEnv, startDnsServer } from './server.ts';
