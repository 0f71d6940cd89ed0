/** @module A member's secrets and kubeconfig: made once a data directory, found again at a restart. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Paths of the files the parts of a member read, and the administrator's token. */
export type Credentials = { readonly token: string; readonly tokenFile: string; readonly serviceAccountKey: string };

const secretMode = 0o600;

/** Reads the member's credentials from `dir`, making them when they are not there. */
export const ensureCredentials = async (dir: string): Promise<Credentials> => {
  const tokenFile = join(dir, 'tokens.csv');
  const serviceAccountKey = join(dir, 'service-account.key');
  const found = await readFile(tokenFile, 'utf8').catch(() => '');
  const token = found.split(',')[0] || randomBytes(24).toString('hex');
  if (!found) {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    await writeFile(serviceAccountKey, privateKey, { mode: secretMode });
    await writeFile(tokenFile, `${token},admin,admin,"system:masters"\n`, { mode: secretMode });
  }
  return { token, tokenFile, serviceAccountKey };
};

/** What a kubeconfig of one cluster and one bearer token needs; `ca` is PEM. */
export type KubeconfigParts = { readonly name: string; readonly server: string; readonly ca: string; readonly token: string };

/** Writes a kubeconfig (JSON, which is YAML) of mode 0600 to `path`. */
export const writeKubeconfig = async (path: string, { name, server, ca, token }: KubeconfigParts): Promise<void> => {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name, context: { cluster: name, user: 'admin' } }],
  };
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: secretMode });
};
