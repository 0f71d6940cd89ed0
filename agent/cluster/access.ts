/** @module How to reach a member's API and prove who we are: the address, the trust, and credentials that may change while we run. */

/** What one request is authorized with; a client certificate belongs to the connection. */
export type Credentials = {
  readonly bearer?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  /** PEM. */
  readonly cert?: string;
  /** PEM. */
  readonly key?: string;
};

/** True when nothing says who asks, as with an empty token: a request is then that of anybody. */
export const isAnonymous = ({ bearer = '', basic, cert }: Credentials): boolean =>
  bearer === '' && basic === undefined && cert === undefined;

/** One member's API server. */
export type ClusterAccess = {
  /** `https://host:port`, with a path prefix where the API sits behind a proxy; no trailing slash. */
  readonly server: string;
  /** PEM of the CA; absent = the system's. */
  readonly ca?: string;
  /** Name to check in the server's certificate when it is not the host. */
  readonly serverName?: string;
  readonly skipTlsVerify: boolean;
  /** Where these settings come from, for messages (`context kind-a of /home/me/.kube/config`). */
  readonly source: string;
  /** Rejects with an ApiError `CredentialsFailed` that says how to mend it. Cheap to call before each request. */
  readonly credentials: () => Promise<Credentials>;
  /** Called after a 401, so that cached credentials are made anew. */
  readonly refused: () => void;
};

/** The settings are missing or wrong; the message names the file and the field. */
export class AccessConfigError extends Error {
  override name = 'AccessConfigError';
}
