/** @module A broker that the operator runs: the configuration its servers must load. */
import { type BrokerConfig, brokerConfigText } from './config.ts';

/** The text of `nats.conf` for a server of an external broker; paths and names in it are those of the server's machine. */
export const externalConfigText = (claims: Pick<BrokerConfig, 'operatorJwt' | 'systemAccount' | 'preload'>, withTls: boolean): string =>
  [
    '# For a nats-server that the Hanse hub uses (2.14 or newer). Adapt server_name, listen, tls and the folders; keep the rest.',
    '# For three servers give each a server_name of its own and add:',
    '#   cluster { name: hanse, listen: "0.0.0.0:6222", routes: ["nats-route://nats-1:6222", "nats-route://nats-2:6222", "nats-route://nats-3:6222"] }',
    brokerConfigText({
      ...claims,
      serverName: 'nats-1',
      host: '0.0.0.0',
      port: 4222,
      storeDir: '/data/jetstream',
      resolverDir: '/data/resolver',
      ...(withTls ? { tls: { certFile: '/etc/nats/tls/tls.crt', keyFile: '/etc/nats/tls/tls.key' } } : {}),
      storeBytesMax: 20 * 1024 ** 3,
    }),
  ].join('\n');
