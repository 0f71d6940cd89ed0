/** @module The authoritative zone that every agent can serve: its names, its faults, its answers. */
export {
  addressesMax,
  answerQuestion,
  type DnsAnswer,
  type DnsCode,
  type DnsQuestion,
  type DnsRecord,
  type SoaData,
} from './answer.ts';
export { clustersetOrigin, clustersetZone } from './clusterset.ts';
export {
  type CompiledZone,
  compileZone,
  type DnsBackend,
  type DnsNode,
  type DnsService,
  type DnsZone,
  ttlSecondsMax,
  ttlSecondsMin,
  zoneFaults,
} from './zone.ts';
export { compileZones, dnsEndpointOf, type SharedRecord, zoneFor, zonesOf } from './zones.ts';
