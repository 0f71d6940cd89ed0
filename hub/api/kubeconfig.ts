/** @module The admin's kubeconfig: a file for its owner alone that makes plain kubectl work against the hub. */
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse, stringify } from 'yaml';
import { makeFolder } from '../../shared/node/index.ts';

/** A client certificate with its private key, both PEM. */
export type ClientCertificate = { readonly certificatePem: string; readonly privateKeyPem: string };

/** What goes into a kubeconfig. */
export type KubeconfigParts = {
  /** Name of cluster, user and context. */
  readonly name: string;
  /** `https://127.0.0.1:6443`. */
  readonly serverUrl: string;
  readonly caPem: string;
} & ({ readonly client: ClientCertificate } | { readonly token: string });

/** The text of a kubeconfig with one context and everything inside it. */
export const kubeconfigText = (parts: KubeconfigParts): string => {
  const { name, serverUrl, caPem } = parts;
  const user =
    'token' in parts
      ? { token: parts.token }
      : { 'client-certificate-data': base64(parts.client.certificatePem), 'client-key-data': base64(parts.client.privateKeyPem) };
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server: serverUrl, 'certificate-authority-data': base64(caPem) } }],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    },
    { lineWidth: 0 },
  );
};

/** Settings of {@link ensureAdminKubeconfig}. */
export type AdminKubeconfigOptions = {
  readonly file: string;
  readonly serverUrl: string;
  readonly caPem: string;
  /** Mints a certificate for the admin. */
  readonly issue: () => ClientCertificate | Promise<ClientCertificate>;
  readonly nowMs: number;
};

/** A certificate with less life than this is replaced. */
const LIFE_LEFT_MS_MIN = 30 * 24 * 3_600_000;

/** Writes the file unless it already fits this server, this CA and the time; mode 0600 from its first byte on. */
export const ensureAdminKubeconfig = async ({
  file,
  serverUrl,
  caPem,
  issue,
  nowMs,
}: AdminKubeconfigOptions): Promise<'kept' | 'written'> => {
  if (existsSync(file) && fits(readFileSync(file, 'utf8'), serverUrl, caPem, nowMs)) return 'kept';
  await makeFolder(dirname(file), { what: 'the folder of the kubeconfig', mend: 'name another file with --kubeconfig' });
  const draft = `${file}.new`;
  writeFileSync(draft, kubeconfigText({ name: 'hanse', serverUrl, caPem, client: await issue() }), { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
  return 'written';
};

type Config = {
  readonly clusters?: readonly { readonly cluster?: Readonly<Record<string, unknown>> }[];
  readonly users?: readonly { readonly user?: Readonly<Record<string, unknown>> }[];
};

const fits = (text: string, serverUrl: string, caPem: string, nowMs: number): boolean => {
  try {
    const { clusters, users } = parse(text) as Config;
    const cluster = clusters?.[0]?.cluster;
    const certificate = Buffer.from(String(users?.[0]?.user?.['client-certificate-data']), 'base64');
    const endsMs = new X509Certificate(certificate).validToDate.getTime();
    return cluster?.server === serverUrl && cluster['certificate-authority-data'] === base64(caPem) && endsMs - nowMs > LIFE_LEFT_MS_MIN;
  } catch {
    // Not ours, or half a file: the hub writes its own again.
    return false;
  }
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');
