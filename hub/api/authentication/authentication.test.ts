/** @module Authentication: whose request it is, and what is refused. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStore, keyOf, memoryJournal, type OpenStore } from '../../../shared/kube/storage/index.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { type Authenticator, createAuthenticator } from './authenticator.ts';
import { createServiceAccountTokens, ISSUER, loadSigningKey, type ServiceAccountTokens } from './service-account-tokens.ts';
import { openTokenBook, type TokenBook } from './token-book.ts';

let directory = '';
let nowMs = Date.UTC(2026, 0, 1);
let tokens: TokenBook;
let accounts: ServiceAccountTokens;
let store: OpenStore;
let authenticator: Authenticator;
/** What the fake authorizer was asked, as `user verb resource/name`. */
let asked: string[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hanse-authn-'));
  nowMs = Date.UTC(2026, 0, 1);
  asked = [];
  store = await createStore(memoryJournal(), { env: { nowMs: () => nowMs, log: silentLog } });
  tokens = openTokenBook(join(directory, 'tokens.json'), () => nowMs);
  accounts = createServiceAccountTokens(loadSigningKey(join(directory, 'sa.key')), store, {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    random: () => 0.5,
    uuid: () => 'jti',
  });
  authenticator = createAuthenticator({
    tokens,
    serviceAccounts: accounts,
    authorize: ({ user, verb, resource, subresource, namespace, name }) => {
      asked.push(`${user.name} ${verb} ${resource}${subresource === '' ? '' : `/${subresource}`} ${namespace}/${name}`);
      return { allowed: user.groups.includes('system:masters') };
    },
  });
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const ask = (headers: Record<string, string>, certificate?: { commonName: string; organizations: string[] }) =>
  authenticator.authenticate(new Headers(headers), certificate === undefined ? {} : { certificate });
const admin = { commonName: 'root', organizations: ['system:masters'] };

const robot = async (): Promise<void> => {
  await store.commit([
    {
      op: 'put',
      key: keyOf('', 'serviceaccounts', 'shop', 'robot'),
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'shop', uid: 'u1' } },
    },
  ]);
};

describe('who asks', () => {
  it('is the owner of the token, a member of its groups and of the authenticated', async () => {
    const { token } = tokens.issue({ user: 'jane', groups: ['dev'] });
    expect(await ask({ authorization: `Bearer ${token}` })).toEqual({ name: 'jane', groups: ['dev', 'system:authenticated'] });
  });

  it('is the subject of the client certificate: common name and organizations', async () => {
    expect(await ask({}, { commonName: 'jane', organizations: ['dev', 'ops'] })).toEqual({
      name: 'jane',
      groups: ['dev', 'ops', 'system:authenticated'],
    });
  });

  it('is nobody in particular without credentials', async () => {
    expect(await ask({})).toEqual({ name: 'system:anonymous', groups: ['system:unauthenticated'] });
    expect(await ask({ authorization: 'Basic amFuZTpqYW5l' })).toMatchObject({ name: 'system:anonymous' });
  });

  it.each(['wrong', 'hanse-0-0', 'a.b.c', 'x'.repeat(10_000), `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`])(
    'is refused with a wrong token, also beside a good certificate: %.20s',
    async (token) => {
      expect(await ask({ authorization: `Bearer ${token}` })).toBeUndefined();
      expect(await ask({ authorization: `Bearer ${token}` }, admin)).toBeUndefined();
    },
  );
});

describe('token book', () => {
  it('keeps only hashes, in a file for its owner alone', () => {
    const { token } = tokens.issue({ user: 'jane' });
    const file = join(directory, 'tokens.json');
    expect(readFileSync(file, 'utf8')).not.toContain(token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('forgets expired and revoked tokens', async () => {
    const short = tokens.issue({ user: 'jane', lifetimeMs: 1_000 });
    const long = tokens.issue({ user: 'joe' });
    nowMs += 1_000;
    expect(tokens.userOf(short.token)).toBeUndefined();
    expect(tokens.userOf(long.token)?.name).toBe('joe');
    expect([tokens.revoke(long.id), tokens.revoke(long.id)]).toEqual([true, false]);
    expect(tokens.userOf(long.token)).toBeUndefined();
  });

  it('sees what another process issued and revoked', () => {
    const other = openTokenBook(join(directory, 'tokens.json'), () => nowMs);
    const { id, token } = other.issue({ user: 'jane' });
    expect(tokens.userOf(token)?.name).toBe('jane');
    other.revoke(id);
    expect(tokens.userOf(token)).toBeUndefined();
  });

  it.each(['{', '[]', '{"tokens":[{"user":"jane"}]}'])('refuses a file it did not write and names it: %s', (text) => {
    const file = join(directory, 'odd.json');
    writeFileSync(file, text);
    expect(() => openTokenBook(file, () => nowMs)).toThrow(`token file ${file} cannot be read`);
  });
});

describe('service account tokens', () => {
  const issue = (more: Partial<Parameters<ServiceAccountTokens['issue']>[0]> = {}): string =>
    accounts.issue({ namespace: 'shop', name: 'robot', uid: 'u1', audiences: [ISSUER], seconds: 600, ...more }).token;

  it('stand for the account and its groups until they expire', async () => {
    await robot();
    const token = issue();
    const user = {
      name: 'system:serviceaccount:shop:robot',
      uid: 'u1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
    };
    expect(await ask({ authorization: `Bearer ${token}` })).toEqual(user);
    nowMs += 600_000;
    expect(await ask({ authorization: `Bearer ${token}` })).toBeUndefined();
  });

  it('are worth nothing for another audience, another account of the same name, another key, or with one byte changed', async () => {
    await robot();
    const otherKey = createServiceAccountTokens(loadSigningKey(join(directory, 'other.key')), store, {
      nowMs: () => nowMs,
      monotonicMs: () => nowMs,
      random: () => 0,
      uuid: () => 'x',
    });
    const good = issue();
    const [header, payload = '', signature] = good.split('.');
    const forged = Buffer.from(payload, 'base64url').toString().replace('robot', 'admin');
    for (const token of [
      issue({ audiences: ['vault'] }),
      issue({ uid: 'u0' }),
      otherKey.issue({ namespace: 'shop', name: 'robot', uid: 'u1', audiences: [ISSUER], seconds: 600 }).token,
      `${header}.${Buffer.from(forged).toString('base64url')}.${signature}`,
      `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
    ]) {
      expect(accounts.userOf(token)).toBeUndefined();
    }
    expect(accounts.userOf(issue({ audiences: ['vault'] }), ['vault'])?.uid).toBe('u1');
  });

  it('survive a restart, since the key is kept for its owner alone', async () => {
    await robot();
    const token = issue();
    const file = join(directory, 'sa.key');
    expect([existsSync(file), statSync(file).mode & 0o777]).toEqual([true, 0o600]);
    const again = createServiceAccountTokens(loadSigningKey(file), store, {
      nowMs: () => nowMs,
      monotonicMs: () => nowMs,
      random: () => 0,
      uuid: () => 'x',
    });
    expect(again.userOf(token)?.uid).toBe('u1');
  });
});

describe('impersonation', () => {
  it.each<[Record<string, string>, object]>([
    [{ 'impersonate-user': 'jane' }, { name: 'jane', groups: ['system:authenticated'] }],
    [
      { 'impersonate-user': 'jane', 'impersonate-group': 'dev, ops', 'impersonate-uid': '42' },
      { name: 'jane', uid: '42', groups: ['dev', 'ops', 'system:authenticated'] },
    ],
    [
      { 'impersonate-user': 'system:serviceaccount:shop:robot' },
      {
        name: 'system:serviceaccount:shop:robot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
      },
    ],
    [{ 'impersonate-user': 'system:anonymous' }, { name: 'system:anonymous', groups: ['system:unauthenticated'] }],
    [
      { 'impersonate-user': 'jane', 'impersonate-extra-scopes': 'view', 'impersonate-extra-acme.com%2Fa': 'b' },
      { name: 'jane', groups: ['system:authenticated'], extra: { scopes: ['view'], 'acme.com/a': ['b'] } },
    ],
  ])('makes the request that user’s: %o', async (headers, user) => {
    const effective = await ask(headers, admin);
    expect(effective).toEqual(user);
    expect(effective && authenticator.impersonatorOf(effective)?.name).toBe('root');
  });

  it('asks for each part it names', async () => {
    await ask({ 'impersonate-user': 'jane', 'impersonate-group': 'dev', 'impersonate-uid': '42', 'impersonate-extra-a': 'b' }, admin);
    await ask({ 'impersonate-user': 'system:serviceaccount:shop:robot' }, admin);
    expect(asked).toEqual([
      'root impersonate users /jane',
      'root impersonate groups /dev',
      'root impersonate uids /42',
      'root impersonate userextras/a /b',
      'root impersonate serviceaccounts shop/robot',
    ]);
  });

  it('is refused to whoever may not, and without a user', async () => {
    await expect(ask({ 'impersonate-user': 'root' }, { commonName: 'jane', organizations: [] })).rejects.toMatchObject({
      code: 403,
      message: 'users "root" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
    });
    await expect(ask({ 'impersonate-group': 'system:masters' }, admin)).rejects.toMatchObject({ code: 400 });
  });
});
