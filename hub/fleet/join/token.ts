/** @module The text of a join token, `NAME.SECRET`, and the hash that is all the hub keeps of the secret. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { sha256 } from '../../../shared/node/sha256.ts';

const secretBytes = 32;

/** A new secret (256 bits, base64url) and its hash: for `hanse token create`, which shows the secret once and sends only the hash. */
export const makeTokenSecret = (): { readonly secret: string; readonly secretHash: string } => {
  const secret = randomBytes(secretBytes).toString('base64url');
  return { secret, secretHash: hashSecret(secret) };
};

/** SHA-256 in hex. No salt nor slow hash: the secret has 256 bits of chance. */
export const hashSecret = (secret: string): string => sha256(secret);

/** The token's text. */
export const tokenText = (name: string, secret: string): string => `${name}.${secret}`;

/**
 * Name and secret of a token's text; undefined when it is none. Short secrets are none: whoever may read JoinTokens could find them out from
 * their hash.
 */
export const parseToken = (token: string): { readonly name: string; readonly secret: string } | undefined => {
  const [, name, secret] = /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\.([A-Za-z0-9_-]{20,256})$/.exec(token) ?? [];
  return name === undefined || secret === undefined ? undefined : { name, secret };
};

/** Whether the secret has this hash; takes the same time for every wrong secret, and for a token that does not exist (undefined). */
export const secretMatches = (secret: string, secretHash: string | undefined): boolean => {
  const given = Buffer.from(hashSecret(secret), 'hex');
  const known = Buffer.from(secretHash ?? '', 'hex');
  const isComparable = known.length === given.length;
  return timingSafeEqual(given, isComparable ? known : Buffer.alloc(given.length)) && isComparable;
};

/** What an agent must be told to join: the hub's address, the hash of its CA, and a token. */
export type JoinWords = { readonly hub: string; readonly caHash: string; readonly token: string };

/** The command that joins a cluster, line by line; whoever runs it puts in the cluster's name and kubeconfig. */
export const joinCommand = ({ hub, caHash, token }: JoinWords): readonly string[] => [
  `hanse join --hub ${hub} --ca-hash ${caHash} \\`,
  `  --token ${token} --name CLUSTER --kubeconfig FILE`,
];
