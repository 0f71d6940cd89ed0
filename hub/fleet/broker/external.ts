/** @module A broker that the operator runs: the configuration and claims it must load, as files to copy there. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrokerConfig, brokerConfigText } from './config.ts';

/** Writes `nats.conf` for each server of an external broker; answers its path. The paths inside are those of the server's machine. */
export const writeExternalConfig = async (
  folder: string,
  claims: Pick<BrokerConfig, 'operatorJwt' | 'systemAccount' | 'preload'>,
): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'nats.conf');
  const config: BrokerConfig = {
    ...claims,
    serverName: 'nats-1',
    host: '0.0.0.0',
    port: 4222,
    storeDir: '/data/jetstream',
    resolverDir: '/data/resolver',
    tls: { certFile: '/etc/nats/tls/tls.crt', keyFile: '/etc/nats/tls/tls.key' },
    storeBytesMax: 20 * 1024 ** 3,
  };
  await writeFile(file, brokerConfigText(config), { mode: 0o600 });
  return file;
};
