/** @module The Kubernetes REST server over a store: HTTP by Hono, and a client within the process. */
export { type ApiServer, createApiServer } from './api-server.ts';
export { forbiddenBy } from './forbidden.ts';
export type { LocalClientOptions } from './local-client.ts';
export {
  ADMIN,
  type AdmissionRequest,
  type Admit,
  type ApiServerOptions,
  type Attributes,
  type AuditEvent,
  DEFAULT_LIMITS,
  type Decision,
  type HealthCheck,
  type Limits,
  type Peer,
  type SchemaSource,
  type UserInfo,
  type VersionInfo,
  type VirtualCreate,
  type WhereItRuns,
} from './options.ts';
export { createRegistry, type ResourceTypeRegistry, type ServedGroup } from './registry.ts';
export { type AddressRanges, DEFAULT_RANGES, serviceAddresses } from './service-addresses.ts';
export { compareVersions } from './version-order.ts';
