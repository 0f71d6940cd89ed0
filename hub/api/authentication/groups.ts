/** @module Names of users and groups that mean something to the API itself (k8s.io/apiserver, authentication/user). */

/** May do everything; RBAC is not asked. */
export const MASTERS = 'system:masters';
/** Everyone who proved who they are. */
export const AUTHENTICATED = 'system:authenticated';
/** Everyone who did not. */
export const UNAUTHENTICATED = 'system:unauthenticated';
/** The user of a request without credentials. */
export const ANONYMOUS = 'system:anonymous';

const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';

/** `system:serviceaccount:shop:robot`. */
export const serviceAccountUser = (namespace: string, name: string): string => `${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`;

/** Groups of every service account of a namespace. */
export const serviceAccountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
];

/** The parts of a service account's user name; undefined when it is another user. */
export const parseServiceAccount = (user: string): { namespace: string; name: string } | undefined => {
  if (!user.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined;
  const [namespace = '', name = '', ...rest] = user.slice(SERVICE_ACCOUNT_PREFIX.length).split(':');
  return namespace === '' || name === '' || rest.length > 0 ? undefined : { namespace, name };
};
