/** @module Asking in another's name: the `Impersonate-*` headers (k8s.io/apiserver, endpoints/filters/impersonation). */
import type { Attributes, Decision, UserInfo } from '../../../shared/kube/server/options.ts';
import { StatusError } from '../../../shared/kube/status-error.ts';
import { ANONYMOUS, AUTHENTICATED, parseServiceAccount, serviceAccountGroups, UNAUTHENTICATED } from './groups.ts';

const EXTRA_PREFIX = 'impersonate-extra-';

/** Who the request wants to be; undefined when it wants to be itself. Throws 400 when groups come without a user. */
export const wantedUser = (headers: Headers): UserInfo | undefined => {
  const name = headers.get('impersonate-user') ?? '';
  const groups = listOf(headers.get('impersonate-group'));
  const uid = headers.get('impersonate-uid') ?? '';
  const extra = extraOf(headers);
  if (name === '') {
    if (groups.length === 0 && uid === '' && extra === undefined) return undefined;
    throw new StatusError(
      400,
      'BadRequest',
      'Impersonate-Group, Impersonate-Uid and Impersonate-Extra-* need Impersonate-User beside them',
    );
  }
  return { name, ...(uid === '' ? {} : { uid }), groups: groupsOf(name, groups), ...(extra === undefined ? {} : { extra }) };
};

/** Refuses with 403 unless `user` may impersonate every part of `wanted`. */
export const mayImpersonate = async (
  user: UserInfo,
  headers: Headers,
  wanted: UserInfo,
  authorize: (attributes: Attributes) => Decision | Promise<Decision>,
): Promise<void> => {
  for (const target of targetsOf(headers, wanted)) {
    const decision = await authorize({ user, verb: 'impersonate', isResource: true, path: '', version: 'v1', ...target });
    if (!decision.allowed) throw refused(user, target);
  }
};

type Target = Pick<Attributes, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>;

/** One permission a part: only what the headers say, not the groups that come by themselves. */
const targetsOf = (headers: Headers, { name, uid, extra }: UserInfo): Target[] => {
  const account = parseServiceAccount(name);
  const core = { group: '', subresource: '', namespace: '' };
  const identity = { group: 'authentication.k8s.io', subresource: '', namespace: '' };
  return [
    account === undefined
      ? { ...core, resource: 'users', name }
      : { ...core, resource: 'serviceaccounts', namespace: account.namespace, name: account.name },
    ...listOf(headers.get('impersonate-group')).map((group) => ({ ...core, resource: 'groups', name: group })),
    ...(uid === undefined ? [] : [{ ...identity, resource: 'uids', name: uid }]),
    ...Object.entries(extra ?? {}).flatMap(([key, values]) =>
      values.map((value) => ({ ...identity, resource: 'userextras', subresource: key, name: value })),
    ),
  ];
};

const refused = (user: UserInfo, { group, resource, subresource, namespace, name }: Target): StatusError => {
  const full = group === '' ? resource : `${resource}.${group}`;
  const path = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return new StatusError(
    403,
    'Forbidden',
    `${full} "${name}" is forbidden: User "${user.name}" cannot impersonate resource "${path}" in API group "${group}" ${where}`,
    { name, ...(group === '' ? {} : { group }), kind: resource },
  );
};

const groupsOf = (name: string, asked: readonly string[]): readonly string[] => {
  if (name === ANONYMOUS) return asked.length === 0 ? [UNAUTHENTICATED] : asked;
  const account = parseServiceAccount(name);
  const own = asked.length === 0 && account !== undefined ? serviceAccountGroups(account.namespace) : asked;
  return own.includes(AUTHENTICATED) || own.includes(UNAUTHENTICATED) ? own : [...own, AUTHENTICATED];
};

const extraOf = (headers: Headers): Record<string, string[]> | undefined => {
  const pairs = [...headers]
    .filter(([key]) => key.startsWith(EXTRA_PREFIX))
    .map(([key, value]): [string, string[]] => [unescaped(key.slice(EXTRA_PREFIX.length)), listOf(value)]);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
};

/** Keys may be percent-encoded, since header names cannot hold every character. */
const unescaped = (key: string): string => {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
};

/** Repeated headers arrive joined by commas. */
const listOf = (value: string | null): string[] =>
  (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
