/**
 * @module Reads a kubeconfig, or the files of a pod's service account. Our own reader over `yaml`, because importing only client-node's
 * config module already costs 15 MB of the agent's memory through the generated API it pulls in.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Env } from '../../shared/lib/index.ts';
import { messageOf } from '../../shared/lib/message-of.ts';
import { AccessConfigError, type ClusterAccess, type Credentials } from './access.ts';
import { ApiError } from './api-error.ts';
import { execCredentials } from './exec-credential.ts';

/** Where a pod finds its service account. */
export const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Bound tokens rotate hourly: the file is read again after this long. */
const TOKEN_FILE_KEPT_MS = 30_000;

/** Credentials end by the wall clock, files are read again by the other. */
type Clocks = Pick<Env, 'nowMs' | 'monotonicMs'>;

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** The access of one context (default: the current one). Throws {@link AccessConfigError} that names what is missing. */
export const loadKubeconfig = async (path: string, env: Clocks, contextName?: string): Promise<ClusterAccess> => {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AccessConfigError(`cannot read the kubeconfig ${path}: ${messageOf(cause)}`, { cause });
  });
  return parseKubeconfig(text, path, env, contextName);
};

/** As {@link loadKubeconfig} for text already read; relative file names are relative to the folder of `path`. */
export const parseKubeconfig = async (text: string, path: string, env: Clocks, contextName?: string): Promise<ClusterAccess> => {
  const config = fieldsOf(parseYaml(text, path));
  const wanted = contextName ?? textOf(config['current-context']);
  if (wanted === undefined) throw new AccessConfigError(`${path} has no current-context: set one, or name a context`);
  const named = (list: string, name: string | undefined, what: string): Fields => {
    const found = listOf(config[list]).find((entry) => entry.name === name);
    if (found === undefined) throw new AccessConfigError(`${path} has no ${what} named ${name ?? '(none)'}`);
    return fieldsOf(found[what]);
  };
  const context = named('contexts', wanted, 'context');
  const cluster = named('clusters', textOf(context.cluster), 'cluster');
  const userName = textOf(context.user);
  const user = userName === undefined ? {} : named('users', userName, 'user');
  const server = textOf(cluster.server);
  if (server === undefined || !URL.canParse(server))
    throw new AccessConfigError(`${path}: clusters[].cluster.server of context ${wanted} is not a URL`);
  const pem = pemReader(path);
  const ca = await pem(cluster, 'certificate-authority');
  const serverName = textOf(cluster['tls-server-name']);
  return {
    server: server.replace(/\/+$/, ''),
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    skipTlsVerify: cluster['insecure-skip-tls-verify'] === true,
    source: `context ${wanted} of ${path}`,
    ...(await userCredentials(user, path, env)),
  };
};

/** The access of the service account a pod runs as. Throws {@link AccessConfigError} outside a pod. */
export const inClusterAccess = async (
  environment: Readonly<Record<string, string | undefined>>,
  env: Clocks,
  dir: string = SERVICE_ACCOUNT_DIR,
): Promise<ClusterAccess> => {
  const host = environment.KUBERNETES_SERVICE_HOST;
  const port = environment.KUBERNETES_SERVICE_PORT ?? '443';
  if (host === undefined)
    throw new AccessConfigError(
      'not in a pod (KUBERNETES_SERVICE_HOST is not set): give a kubeconfig of the cluster with --kubeconfig FILE (HANSE_KUBECONFIG)',
    );
  const ca = await readFile(`${dir}/ca.crt`, 'utf8').catch((cause: unknown) => {
    throw new AccessConfigError(`the service account is not mounted: cannot read ${dir}/ca.crt`, { cause });
  });
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca,
    skipTlsVerify: false,
    source: 'the service account of this pod',
    ...tokenFile(`${dir}/token`, env),
  };
};

const parseYaml = (text: string, path: string): unknown => {
  try {
    return parse(text);
  } catch (cause) {
    throw new AccessConfigError(`${path} is not YAML: ${cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)}`, {
      cause,
    });
  }
};

/** Reads `<name>-data` (base64) or the file `<name>` names. */
const pemReader =
  (path: string) =>
  async (fields: Fields, name: string): Promise<string | undefined> => {
    const data = textOf(fields[`${name}-data`]);
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
    const file = textOf(fields[name]);
    if (file === undefined) return undefined;
    return readFile(beside(path, file), 'utf8').catch((cause: unknown) => {
      throw new AccessConfigError(`${path}: cannot read ${name} ${file}`, { cause });
    });
  };

const beside = (path: string, file: string): string => (isAbsolute(file) ? file : resolve(dirname(path), file));

const fixed = (credentials: Credentials): Pick<ClusterAccess, 'credentials' | 'refused'> => ({
  credentials: () => Promise.resolve(credentials),
  refused: () => undefined,
});

const userCredentials = async (user: Fields, path: string, env: Clocks): Promise<Pick<ClusterAccess, 'credentials' | 'refused'>> => {
  const pem = pemReader(path);
  const cert = await pem(user, 'client-certificate');
  const key = await pem(user, 'client-key');
  if ((cert === undefined) !== (key === undefined))
    throw new AccessConfigError(`${path}: a client certificate needs both client-certificate and client-key`);
  const withCert = cert === undefined || key === undefined ? {} : { cert, key };
  const file = textOf(user.tokenFile);
  if (file !== undefined) return tokenFile(beside(path, file), env);
  const bearer = textOf(user.token);
  if (bearer !== undefined) return fixed({ bearer, ...withCert });
  if (user.exec !== undefined) return execAccess(fieldsOf(user.exec), path, env);
  if (user['auth-provider'] !== undefined) {
    throw new AccessConfigError(
      `${path}: auth-provider was removed from Kubernetes 1.26: use an exec plugin (${textOf(fieldsOf(user['auth-provider']).name) ?? ''})`,
    );
  }
  const username = textOf(user.username);
  if (username !== undefined) return fixed({ basic: { username, password: textOf(user.password) ?? '' } });
  return fixed(withCert);
};

const execAccess = (exec: Fields, path: string, env: Clocks): Pick<ClusterAccess, 'credentials' | 'refused'> => {
  const command = textOf(exec.command);
  if (command === undefined) throw new AccessConfigError(`${path}: users[].user.exec.command is missing`);
  const source = execCredentials(
    {
      apiVersion: textOf(exec.apiVersion) ?? 'client.authentication.k8s.io/v1',
      // A path with a slash is relative to the kubeconfig, a bare name is looked up on PATH (client-go does the same).
      command: command.includes('/') ? beside(path, command) : command,
      args: Array.isArray(exec.args) ? exec.args.map(String) : [],
      env: listOf(exec.env).map((entry) => ({ name: textOf(entry.name) ?? '', value: textOf(entry.value) ?? '' })),
      installHint: textOf(exec.installHint) ?? '',
    },
    env,
  );
  return { credentials: source.get, refused: source.reset };
};

const tokenFile = (file: string, env: Clocks): Pick<ClusterAccess, 'credentials' | 'refused'> => {
  let kept: { bearer: string; untilMs: number; mtimeMs: number } | undefined;
  const read = async (): Promise<Credentials> => {
    if (kept !== undefined && env.monotonicMs() < kept.untilMs) return { bearer: kept.bearer };
    try {
      const { mtimeMs } = await stat(file);
      const bearer = kept?.mtimeMs === mtimeMs ? kept.bearer : (await readFile(file, 'utf8')).trim();
      kept = { bearer, mtimeMs, untilMs: env.monotonicMs() + TOKEN_FILE_KEPT_MS };
      return { bearer };
    } catch (cause) {
      throw new ApiError('CredentialsFailed', `cannot read the token file ${file}`, { cause });
    }
  };
  return {
    credentials: read,
    refused: () => {
      kept = undefined;
    },
  };
};
