/** @module Subjects and keys on the bus. A cluster's name is a DNS-1123 label, so it is one subject token. */

/** Agent to hub, core NATS. */
export const upSubject = (cluster: string, what: 'hello' | 'beat' | 'report' | 'kind' | 'renew'): string => `hanse.up.${cluster}.${what}`;

/** Hub to agent, core NATS. */
export const downSubject = (cluster: string, what: 'want'): string => `hanse.down.${cluster}.${what}`;

/** JetStream KV buckets: desired work and what became of it. */
export const workBucket = 'work';
export const statusBucket = 'status';

/** The raw subject of a KV key. */
export const kvSubject = (bucket: string, key: string): string => `$KV.${bucket}.${key}`;

/** Private inboxes of one agent. */
export const inboxPrefix = (cluster: string): string => `_INBOX.${cluster}`;
