/** @module Credentials from a kubeconfig's `exec` plugin (client.authentication.k8s.io, v1 and v1beta1), run when needed and kept until they expire. */
import { execFile } from 'node:child_process';
import type { Env } from '../../shared/lib/index.ts';
import type { Credentials } from './access.ts';
import { ApiError } from './api-error.ts';

/** `users[].user.exec` of a kubeconfig. */
export type ExecConfig = {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly installHint: string;
};

const EXEC_TIMEOUT_MS = 60_000;
const EXEC_OUTPUT_BYTES_MAX = 1 << 20;
/** Renewed this long before the plugin says it expires. */
const EXPIRY_MARGIN_MS = 30_000;

/** A source that runs the plugin at most once at a time. */
export const execCredentials = (config: ExecConfig, env: Pick<Env, 'nowMs'>): { get: () => Promise<Credentials>; reset: () => void } => {
  let kept: { credentials: Credentials; untilMs: number } | undefined;
  let running: Promise<Credentials> | undefined;
  const renew = async (): Promise<Credentials> => {
    const { credentials, expiresAtMs } = parseExecCredential(await run(config), config.command);
    kept = { credentials, untilMs: expiresAtMs === undefined ? Number.POSITIVE_INFINITY : expiresAtMs - EXPIRY_MARGIN_MS };
    return credentials;
  };
  return {
    get: () => {
      if (kept !== undefined && env.nowMs() < kept.untilMs) return Promise.resolve(kept.credentials);
      running ??= renew().finally(() => {
        running = undefined;
      });
      return running;
    },
    reset: () => {
      kept = undefined;
    },
  };
};

const run = (config: ExecConfig): Promise<string> =>
  new Promise((resolve, reject) => {
    const info = { apiVersion: config.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
    const extra = Object.fromEntries(config.env.map(({ name, value }) => [name, value]));
    execFile(
      config.command,
      [...config.args],
      {
        env: { ...process.env, ...extra, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
        timeout: EXEC_TIMEOUT_MS,
        maxBuffer: EXEC_OUTPUT_BYTES_MAX,
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const hint = config.installHint === '' ? '' : `; ${config.installHint}`;
        const detail = stderr.trim() === '' ? error.message : stderr.trim().slice(0, 500);
        reject(
          new ApiError('CredentialsFailed', `the kubeconfig's exec plugin ${config.command} failed: ${detail}${hint}`, { cause: error }),
        );
      },
    );
  });

/** Reads the plugin's answer; throws ApiError `CredentialsFailed` when it is not an ExecCredential with a token or a certificate. */
export const parseExecCredential = (output: string, command: string): { credentials: Credentials; expiresAtMs?: number } => {
  const fail = (why: string): never => {
    throw new ApiError('CredentialsFailed', `the kubeconfig's exec plugin ${command} answered ${why}`);
  };
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    return fail('something that is not JSON');
  }
  const status = (answer as { status?: Record<string, unknown> } | null)?.status ?? {};
  const text = (key: string): string | undefined => (typeof status[key] === 'string' ? status[key] : undefined);
  const bearer = text('token');
  const cert = text('clientCertificateData');
  const key = text('clientKeyData');
  if (bearer === undefined && (cert === undefined || key === undefined))
    return fail('without status.token or a client certificate with its key');
  const expiresAtMs = Date.parse(text('expirationTimestamp') ?? '');
  return {
    credentials: { ...(bearer === undefined ? {} : { bearer }), ...(cert === undefined || key === undefined ? {} : { cert, key }) },
    ...(Number.isNaN(expiresAtMs) ? {} : { expiresAtMs }),
  };
};
