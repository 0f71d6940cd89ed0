/** @module Who may join, as a table; and the small rules around it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cluster } from '../../../shared/api/cluster.ts';
import type { JoinToken } from '../../../shared/api/join-token.ts';
import type { JoinRequest } from '../../../shared/wire/messages.ts';
import { decideJoin, type JoinFacts } from './decide.ts';
import { makeFailureLimit } from './rate-limit.ts';
import { hashSecret, makeTokenSecret, parseToken, secretMatches, tokenText } from './token.ts';

const nowMs = Date.parse('2030-01-01T00:00:00Z');
const request: JoinRequest = {
  v: 1,
  token: 't.s',
  name: 'eu-west',
  publicKey: 'UA',
  sealingKey: 'AA',
  labels: {},
  kubernetesVersion: '',
  nowMs,
  proof: 'AA',
};
const token = (
  spec: Partial<JoinToken['spec']> = {},
  usedBy: readonly (readonly [publicKey: string, cluster: string])[] = [],
): JoinToken => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'JoinToken',
  metadata: { name: 't' },
  spec: { maxUses: 1, expiresAt: '2030-01-01T01:00:00Z', ...spec },
  status: { usedBy: usedBy.map(([publicKey, cluster]) => ({ cluster, publicKey, at: '' })) },
});
const cluster = (publicKey: string | undefined, admission: 'Pending' | 'Approved' | 'Denied', deleted = false): Cluster => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name: 'eu-west', ...(deleted ? { deletionTimestamp: '2030-01-01T00:00:00Z' } : {}) },
  spec: { admission },
  ...(publicKey === undefined ? {} : { status: { agent: { publicKey, sealingKey: '', joinedAt: '' } } }),
});
const facts: JoinFacts = {
  request,
  nowMs,
  isProofValid: true,
  isSealingKeyValid: true,
  token: token(),
  cluster: undefined,
  isRevoked: false,
  keyHolder: undefined,
  memberHolder: undefined,
};

describe('a join', () => {
  test('with a text that is no token is told what a token is, and with one that is not known that it is not', () => {
    const said = (text: string): unknown => decideJoin({ ...facts, token: undefined, request: { ...request, token: text } });
    expect(said('')).toMatchObject({
      reason: 'TokenUnknown',
      message: expect.stringMatching(/^no token was given.* hanse token create .*--token$/),
    });
    expect(said('t.short')).toMatchObject({ reason: 'TokenUnknown', message: expect.stringContaining('a secret of 20 to 256') });
    expect(said(`t.${'x'.repeat(20)}`)).toMatchObject({
      reason: 'TokenUnknown',
      message: expect.stringMatching(/^the token is not known/),
    });
  });

  test.each<[string, Partial<JoinFacts>, object]>([
    ['a new name with a good token', {}, { do: 'bind', autoApprove: false }],
    ['a Cluster made beforehand', { cluster: cluster(undefined, 'Pending') }, { do: 'bind' }],
    ['a token that approves all', { token: token({ autoApprove: {} }) }, { do: 'bind', autoApprove: true }],
    [
      'a token that approves this name',
      { token: token({ autoApprove: { namePatterns: ['us-*', 'eu-*'] } }) },
      { do: 'bind', autoApprove: true },
    ],
    [
      'a token that approves other names',
      { token: token({ autoApprove: { namePatterns: ['us-*'] } }) },
      { do: 'bind', autoApprove: false },
    ],
    [
      'a denied name, though the token approves',
      { token: token({ autoApprove: {} }), cluster: cluster(undefined, 'Denied') },
      { do: 'bind', autoApprove: false },
    ],
    ['an approved agent without a token', { token: undefined, cluster: cluster('UA', 'Approved') }, { do: 'admit' }],
    ['a waiting agent whose token ended', { token: undefined, cluster: cluster('UA', 'Pending') }, { do: 'wait' }],
    ['a denied agent', { cluster: cluster('UA', 'Denied') }, { do: 'refuse', reason: 'Denied' }],
    ['an agent whose Cluster is being deleted', { cluster: cluster('UA', 'Approved', true) }, { do: 'refuse', reason: 'Revoked' }],
    ['a revoked key whose token is gone', { isRevoked: true, token: undefined }, { do: 'refuse', reason: 'Revoked' }],
    ['a revoked key with a good token', { isRevoked: true }, { do: 'refuse', reason: 'Revoked' }],
    ['a name of another key', { cluster: cluster('UB', 'Approved') }, { do: 'refuse', reason: 'NameTaken' }],
    ['a name that is being deleted', { cluster: cluster(undefined, 'Approved', true) }, { do: 'refuse', reason: 'NameTaken' }],
    [
      'a taken name without a token: nothing is told of it',
      { token: undefined, cluster: cluster('UB', 'Approved') },
      { do: 'refuse', reason: 'TokenUnknown', isTrusted: false },
    ],
    ['an expired token', { token: token({ expiresAt: '2030-01-01T00:00:00Z' }) }, { do: 'refuse', reason: 'TokenExpired' }],
    ['a used up token', { token: token({}, [['UB', 'eu-west']]) }, { do: 'refuse', reason: 'TokenUsedUp' }],
    ['a used up token that this key used for this name', { token: token({}, [['UA', 'eu-west']]) }, { do: 'bind' }],
    [
      'a used up token that this key used for another name',
      { token: token({}, [['UA', 'eu-east']]) },
      { do: 'refuse', reason: 'TokenUsedUp' },
    ],
    [
      'an expired token that this key used for another name',
      { token: token({ maxUses: 9, expiresAt: '2030-01-01T00:00:00Z' }, [['UA', 'eu-east']]) },
      { do: 'refuse', reason: 'TokenExpired' },
    ],
    ['a key that another cluster holds', { keyHolder: 'eu-east' }, { do: 'refuse', reason: 'KeyTaken' }],
    ['a member that is joined under another name', { memberHolder: 'eu-east' }, { do: 'refuse', reason: 'ClusterTaken', isTrusted: true }],
    [
      'an approved agent whose member is joined under another name',
      { cluster: cluster('UA', 'Approved'), memberHolder: 'eu-east' },
      { do: 'refuse', reason: 'ClusterTaken', isTrusted: true },
    ],
    [
      'a member that is joined under another name, without a token: nothing is told of it',
      { token: undefined, memberHolder: 'eu-east' },
      { do: 'refuse', reason: 'TokenUnknown' },
    ],
    ['a bad name', { request: { ...request, name: 'Eu_1' } }, { do: 'refuse', reason: 'NameInvalid' }],
    [
      'a forged proof of an approved key',
      { isProofValid: false, cluster: cluster('UA', 'Approved') },
      { do: 'refuse', reason: 'ProofInvalid' },
    ],
    ['a clock ten minutes behind', { nowMs: nowMs + 600_000 }, { do: 'refuse', reason: 'ClockSkew' }],
  ])('with %s', (_, changes, decision) => {
    expect(decideJoin({ ...facts, ...changes })).toMatchObject(decision);
  });

  test('each refusal says more than its reason', () => {
    const refused = decideJoin({ ...facts, token: undefined });
    expect(refused.do === 'refuse' && refused.message).toContain('hanse token create');
  });

  test('a pattern without stars is the name; stars stand for any text', () => {
    const part = fc.stringMatching(/^[a-z]{0,4}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.array(part, { minLength: 3, maxLength: 3 }), (parts, fill) => {
        const pattern = `n${parts.join('*')}`;
        const name = `n${parts.map((text, i) => (i === 0 ? text : `${fill[i - 1] ?? ''}${text}`)).join('')}`;
        const decided = decideJoin({ ...facts, request: { ...request, name }, token: token({ autoApprove: { namePatterns: [pattern] } }) });
        expect(decided).toMatchObject({ do: 'bind', autoApprove: true });
        const other = decideJoin({
          ...facts,
          request: { ...request, name: `${name}9` },
          token: token({ autoApprove: { namePatterns: [`n${parts.join('')}`] } }),
        });
        expect(other).toMatchObject({ autoApprove: false });
      }),
    );
  });
});

describe('a token', () => {
  test('is a name and a secret, of which only the hash is kept', () => {
    const { secret, secretHash } = makeTokenSecret();
    expect(parseToken(tokenText('my-token', secret))).toEqual({ name: 'my-token', secret });
    expect(secretHash).toBe(hashSecret(secret));
    expect(secretMatches(secret, secretHash)).toBe(true);
    expect(secretMatches(`${secret}x`, secretHash)).toBe(false);
    expect(secretMatches('', undefined)).toBe(false);
  });

  test.each(['', 'name', 'name.', '.secret', 'Name.aaaaaaaaaaaaaaaaaaaaaaaa', 'a.b.aaaaaaaaaaaaaaaaaaaaaaaa', `a.${'x'.repeat(300)}`])(
    '%j is none',
    (text) => {
      expect(parseToken(text)).toBeUndefined();
    },
  );
});

describe('who guesses', () => {
  test('may fail ten times at once from one address, then once in six seconds; others are not slowed', () => {
    let clockMs = 0;
    const limit = makeFailureLimit(() => clockMs);
    for (let i = 0; i < 10; i++) {
      expect(limit.waitMs('bad')).toBe(0);
      limit.fail('bad');
    }
    expect(limit.waitMs('bad')).toBe(6_000);
    expect(limit.waitMs('good')).toBe(0);
    clockMs = 6_000;
    expect(limit.waitMs('bad')).toBe(0);
  });

  test('from very many addresses is slowed all the same', () => {
    const limit = makeFailureLimit(() => 0);
    for (let i = 0; i < 200; i++) limit.fail(`10.0.0.${i}`);
    expect(limit.waitMs('another')).toBeGreaterThan(0);
  });
});
