/** @module The agent's authoritative name server. */
export { answersPerSecondMax, networksMax } from './limiter.ts';
export { connectionsMax, type DnsCounts, type DnsServer, type DnsServerEnv, idleMsMax, startDnsServer } from './server.ts';
