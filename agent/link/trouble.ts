/** @module What went wrong on the way to the hub, in a word for machines and a sentence with the mend for people. */
import { errorCodes, errorWord, untimelyCodes, untrustedCodes } from '../../shared/lib/error-codes.ts';
import type { JoinRefusal } from '../../shared/wire/messages.ts';
import type { LinkTrouble } from './port.ts';

/** A trouble and its sentence. */
export type Trouble = {
  readonly trouble: LinkTrouble;
  readonly message: string;
  /** The request certainly did not reach the hub. */
  readonly isUnsent?: true;
};

/** Codes of a connection that was not made. */
const unconnectedCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const notTlsCodes = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'HPE_INVALID_CONSTANT']);

/** Why a request to the hub failed before there was an answer. */
export const hubTrouble = (error: unknown, url: string): Trouble => {
  const codes = errorCodes(error);
  const tls = tlsTrouble(codes, url, 'hub');
  if (tls !== undefined) return { ...tls, isUnsent: true };
  if (codes.some((code) => notTlsCodes.has(code)))
    return { trouble: 'HubUnreachable', message: `${url} does not speak HTTPS: check the port`, isUnsent: true };
  return {
    ...(codes.some((code) => unconnectedCodes.has(code)) ? { isUnsent: true } : {}),
    trouble: 'HubUnreachable',
    message: `cannot reach the hub at ${url} (${errorWord(error)}): check the address, that the hub runs, and that this machine may connect to it`,
  };
};

/** Why connecting to the broker failed. */
export const natsTrouble = (error: unknown, urls: readonly string[]): Trouble => {
  const where = urls.join(', ');
  const codes = errorCodes(error);
  const tls = tlsTrouble(codes, where, 'broker');
  if (tls !== undefined) return tls;
  if (codes.some((code) => /AUTHORIZATION_VIOLATION|AUTHENTICATION_EXPIRED|AUTHENTICATION_TIMEOUT/.test(code))) {
    return {
      trouble: 'CredentialsExpired',
      message: 'the broker refused the credential (expired or revoked); asking the hub for a new one',
    };
  }
  return {
    trouble: 'NatsUnreachable',
    message: `cannot reach the NATS broker at ${where} (${errorWord(error)}): check that it runs and that this machine may connect to that port`,
  };
};

const tlsTrouble = (codes: readonly string[], where: string, what: 'hub' | 'broker'): Trouble | undefined => {
  if (codes.some((code) => untimelyCodes.has(code))) {
    return {
      trouble: 'ClockSkew',
      message: `the certificate of ${where} is not valid at this machine's time: set the clock, or renew the certificate`,
    };
  }
  const trouble = what === 'hub' ? 'WrongCA' : 'NatsWrongCA';
  if (codes.includes('ERR_TLS_CERT_ALTNAME_INVALID'))
    return { trouble, message: `the certificate of ${where} is for another name: use a name that it holds` };
  if (codes.some((code) => untrustedCodes.has(code))) {
    const mend =
      what === 'hub'
        ? 'give the CA of the hub with --hub-ca FILE or --ca-hash HASH (hanse token create prints it)'
        : 'join again, so that the hub sends its CA';
    return { trouble, message: `the certificate of ${where} is not signed by the CA that is trusted: ${mend}` };
  }
  return undefined;
};

const refusalTroubles: Readonly<Record<JoinRefusal, LinkTrouble>> = {
  TokenUnknown: 'TokenUnknown',
  TokenExpired: 'TokenExpired',
  TokenUsedUp: 'TokenUsedUp',
  NameTaken: 'NameTaken',
  KeyTaken: 'KeyTaken',
  ClusterTaken: 'ClusterTaken',
  NameInvalid: 'NameInvalid',
  ProofInvalid: 'ProofInvalid',
  ClockSkew: 'ClockSkew',
  Revoked: 'Revoked',
  Denied: 'Denied',
  RateLimited: 'RateLimited',
  Malformed: 'Malformed',
};

/** A refusal as a trouble; reasons of a newer hub are shown as the hub's error. */
export const refusalTrouble = (reason: string, message: string): Trouble => ({
  trouble: Object.hasOwn(refusalTroubles, reason) ? refusalTroubles[reason as JoinRefusal] : 'HubError',
  message,
});
