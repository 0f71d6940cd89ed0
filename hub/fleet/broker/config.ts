/** @module The nats-server configuration the hub generates: operator mode, TLS, JetStream that syncs each write (facts: engineering §4.5). */

/** What a broker needs to know. Paths are absolute. */
export type BrokerConfig = {
  readonly serverName: string;
  readonly host: string;
  readonly port: number;
  /** Where the store and the resolver's copies lie. */
  readonly storeDir: string;
  readonly resolverDir: string;
  readonly operatorJwt: string;
  readonly systemAccount: string;
  /** Account public key to JWT. */
  readonly preload: Readonly<Record<string, string>>;
  /** Absent = connections are not encrypted. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  readonly storeBytesMax: number;
  readonly websocketPort?: number;
};

/** Above every message of the contract; a Kubernetes object may have 3 MiB. */
export const payloadBytesMax = 8 * 1024 * 1024;

const quoted = (text: string): string => JSON.stringify(text);

/** The text of nats.conf. */
export const brokerConfigText = (config: BrokerConfig): string => {
  const tls =
    config.tls === undefined
      ? undefined
      : `tls { cert_file: ${quoted(config.tls.certFile)}, key_file: ${quoted(config.tls.keyFile)}, timeout: 10 }`;
  const websocket =
    config.websocketPort === undefined
      ? []
      : [`websocket { host: ${quoted(config.host)}, port: ${config.websocketPort}, ${tls ?? 'no_tls: true'} }`];
  return [
    `server_name: ${quoted(config.serverName)}`,
    'server_tags: ["sync:always"]',
    `listen: ${quoted(`${config.host}:${config.port}`)}`,
    `max_payload: ${payloadBytesMax}`,
    'max_pending: 67108864',
    'write_deadline: "10s"',
    'ping_interval: "20s"',
    'ping_max: 2',
    'lame_duck_duration: "30s"',
    'logtime: true',
    ...(tls === undefined ? [] : [tls]),
    ...websocket,
    'jetstream {',
    `  store_dir: ${quoted(config.storeDir)}`,
    '  sync_interval: always',
    `  max_file_store: ${config.storeBytesMax}`,
    '  max_memory_store: 268435456',
    '}',
    `operator: ${config.operatorJwt}`,
    `system_account: ${config.systemAccount}`,
    `resolver { type: full, dir: ${quoted(config.resolverDir)}, allow_delete: false, interval: "2m", limit: 100000 }`,
    'resolver_preload {',
    ...Object.entries(config.preload).map(([account, jwt]) => `  ${account}: ${jwt}`),
    '}',
    '',
  ].join('\n');
};
