/** @module Who asks: a bearer token, else a client certificate, else nobody; then, if allowed, another in whose name it is asked. */
import type { Attributes, Decision, Peer, UserInfo } from '../../../shared/kube/server/options.ts';
import { ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED } from './groups.ts';
import { mayImpersonate, wantedUser } from './impersonation.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';
import type { TokenBook } from './token-book.ts';

/** What the authenticator asks. */
export type AuthenticatorOptions = {
  readonly tokens: Pick<TokenBook, 'userOf'>;
  readonly serviceAccounts: Pick<ServiceAccountTokens, 'userOf'>;
  readonly authorize: (attributes: Attributes) => Decision | Promise<Decision>;
};

/** Answers who asks. */
export type Authenticator = {
  /** Undefined when credentials were given and are wrong (401). Throws 403 when it may not ask in another's name. */
  readonly authenticate: (headers: Headers, peer: Peer) => Promise<UserInfo | undefined>;
  /** Whose token it is, without any header; undefined when unknown. */
  readonly userOfToken: (token: string, audiences?: readonly string[]) => UserInfo | undefined;
  /** Who really asked, for a user that `authenticate` answered with; undefined when it asked for itself. */
  readonly impersonatorOf: (user: UserInfo) => UserInfo | undefined;
};

/**
 * A wrong token is refused even beside a good certificate: who sends one means it. (A Kubernetes API server takes the certificate then.)
 */
export const createAuthenticator = ({ tokens, serviceAccounts, authorize }: AuthenticatorOptions): Authenticator => {
  const impersonators = new WeakMap<UserInfo, UserInfo>();
  const userOfToken = (token: string, audiences?: readonly string[]): UserInfo | undefined =>
    tokens.userOf(token) ?? serviceAccounts.userOf(token, audiences);

  const authenticate = async (headers: Headers, peer: Peer): Promise<UserInfo | undefined> => {
    const token = bearerOf(headers);
    const user = token === undefined ? (certificateUser(peer) ?? anonymous) : userOfToken(token);
    const wanted = wantedUser(headers);
    if (user === undefined || wanted === undefined) return user;
    await mayImpersonate(user, headers, wanted, authorize);
    impersonators.set(wanted, user);
    return wanted;
  };
  return { authenticate, userOfToken, impersonatorOf: (user) => impersonators.get(user) };
};

const anonymous: UserInfo = { name: ANONYMOUS, groups: [UNAUTHENTICATED] };

/** The token of an Authorization header; other schemes are as if nothing was sent, as in Kubernetes. */
const bearerOf = (headers: Headers): string | undefined => {
  const match = /^Bearer +(\S+)\s*$/i.exec(headers.get('authorization') ?? '');
  return match?.[1];
};

/** CN is the user, each O a group (RFC 5280 names, as Kubernetes reads them). */
const certificateUser = ({ certificate }: Peer): UserInfo | undefined =>
  certificate === undefined || certificate.commonName === ''
    ? undefined
    : { name: certificate.commonName, groups: [...new Set([...certificate.organizations, AUTHENTICATED])] };
