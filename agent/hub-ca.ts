/** @module The hub's CA, fetched from the hub itself and believed only when its hash is the one the operator gave (as kubeadm's discovery-token-ca-cert-hash). */
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { backoffMs, type RuntimeEnv } from '../shared/lib/index.ts';
import { messageOf } from '../shared/lib/message-of.ts';
import { caHash } from '../shared/node/index.ts';
import { joinBackoff } from '../shared/wire/comeback.ts';
import { hubTrouble, makeKeyFolder, stateLine } from './link/index.ts';

const connectTimeoutMs = 10_000;
/** A chain longer than this is not looked through. */
const chainMax = 8;

const pemOf = (der: Buffer): string => new X509Certificate(der).toString();

/** Certificates of the chain from the server's own to the last that was sent. */
const chainOf = (leaf: DetailedPeerCertificate): Buffer[] => {
  const chain: Buffer[] = [];
  let current: DetailedPeerCertificate | undefined = leaf;
  while (current?.raw !== undefined && chain.length < chainMax) {
    chain.push(current.raw);
    current = current.issuerCertificate === current ? undefined : current.issuerCertificate;
  }
  return chain;
};

const presentedChain = (hub: URL): Promise<Buffer[]> =>
  new Promise((resolve, reject) => {
    const name = hub.hostname.replace(/^\[|\]$/g, '');
    // What is presented is only looked at here: nothing is sent, and nothing is believed but a certificate with the right hash.
    const socket = connect({ host: name, port: Number(hub.port || 443), rejectUnauthorized: false, timeout: connectTimeoutMs }, () => {
      resolve(chainOf(socket.getPeerCertificate(true)));
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error(`no answer within ${connectTimeoutMs / 1000} s`)));
    socket.on('error', reject);
  });

/** The hub did not answer at all; it may later. `message` is for the user. */
export class HubUnreachableError extends Error {
  override name = 'HubUnreachableError';
}

/**
 * The certificates of a file, PEM.
 * @throws Error that names the file when it cannot be read or holds none.
 */
export const readHubCa = async (file: string): Promise<string> => {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`cannot read ${file}: ${messageOf(cause)}; give the CA of the hub`, { cause });
  });
  if (hashOfText(text) === undefined)
    throw new Error(`no PEM certificate in ${file}: give the CA of the hub, or use --ca-hash HASH instead`);
  return text;
};

/**
 * PEM of the CA of the hub at `hubUrl` whose hash is `wanted`.
 * @throws HubUnreachableError when nobody answers there.
 * @throws Error when the hub presents no certificate with that hash (the wrong hub, or somebody in between).
 */
export const fetchHubCa = async (hubUrl: string, wanted: string): Promise<string> => {
  if (!/^sha256:[0-9a-f]{64}$/.test(wanted))
    throw new Error('--ca-hash must be sha256: and 64 hex digits, as `hanse token create` prints it');
  let chain: Buffer[];
  try {
    chain = await presentedChain(new URL(hubUrl));
  } catch (cause) {
    throw new HubUnreachableError(hubTrouble(cause, hubUrl).message, { cause });
  }
  const found = chain.map(pemOf).find((pem) => caHash(pem) === wanted);
  if (found === undefined) {
    throw new Error(
      `the hub at ${hubUrl} presents no certificate with ${wanted}: this is another hub, or somebody is in between; take the hash from \`hanse token create\` again`,
    );
  }
  return found;
};

const hashOfText = (pem: string): string | undefined => {
  try {
    return caHash(pem);
  } catch {
    // Nothing was kept, or a crash cut it short.
    return undefined;
  }
};

/**
 * As {@link fetchHubCa}, but kept in `file` from then on: an agent that starts again while the hub is down needs no hub for it. The hash
 * is checked each time, so the file need not be trusted. A hub that does not answer is waited for, and the log says so.
 */
export const hubCaKeptIn = async (file: string, hubUrl: string, wanted: string, env: RuntimeEnv): Promise<string> => {
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (hashOfText(kept) === wanted) return kept;
  const fetched = await fetchPatiently(hubUrl, wanted, env);
  await makeKeyFolder(file);
  await writeFile(file, fetched, { mode: 0o600 });
  return fetched;
};

/** Asks again and again while nobody answers; says what is wrong once, as the link does. */
const fetchPatiently = async (hubUrl: string, wanted: string, env: RuntimeEnv): Promise<string> => {
  let told = '';
  for (let attempt = 0; ; attempt++) {
    try {
      return await fetchHubCa(hubUrl, wanted);
    } catch (error) {
      if (!(error instanceof HubUnreachableError)) throw error;
      if (error.message !== told) env.log.warn(stateLine({ phase: 'Joining', trouble: 'HubUnreachable', message: error.message }));
      told = error.message;
    }
    await new Promise<void>((resolve) => env.setTimer(backoffMs(attempt, joinBackoff, env.random), resolve));
  }
};
