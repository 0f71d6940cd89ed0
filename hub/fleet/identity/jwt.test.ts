/** @module Our JWTs and keys are those of NATS: held to @nats-io/jwt and @nats-io/nkeys. */
import { decode, encodeUser } from '@nats-io/jwt';
import { createAccount, createUser, fromPublic, fromSeed } from '@nats-io/nkeys';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePublicKey, decodeSeed, encodePublicKey, encodeSeed } from '../../../shared/wire/nkey.ts';
import { clusterAccountKey, makeFleetIdentity } from './fleet-identity.ts';
import { agentUserJwt, clusterAccountJwt, operatorJwt } from './jwt.ts';
import { makeSigningKey, signingKeyFromSeed, verifyUserSignature } from './keys.ts';

const text = new TextEncoder();

describe('keys', () => {
  test('a seed made here is the same key for NATS, and the other way round', () => {
    const ours = makeSigningKey('user');
    expect(fromSeed(text.encode(ours.seed)).getPublicKey()).toBe(ours.publicKey);
    const theirs = createUser();
    const seed = new TextDecoder().decode(theirs.getSeed());
    expect(signingKeyFromSeed('user', seed).publicKey).toBe(theirs.getPublicKey());
    expect(() => signingKeyFromSeed('account', seed)).toThrow('not a seed of role account');
  });

  test('signatures made here verify there, and the other way round', () => {
    const ours = makeSigningKey('user');
    const theirs = createUser();
    const bytes = text.encode('hello');
    expect(fromPublic(ours.publicKey).verify(bytes, ours.sign(bytes))).toBe(true);
    expect(verifyUserSignature(theirs.getPublicKey(), bytes, theirs.sign(bytes))).toBe(true);
    expect(verifyUserSignature(theirs.getPublicKey(), text.encode('other'), theirs.sign(bytes))).toBe(false);
    expect(verifyUserSignature(createAccount().getPublicKey(), bytes, theirs.sign(bytes))).toBe(false);
  });

  test('every 32 bytes survive the text form, and a changed letter is noticed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.constantFrom('operator', 'account', 'user'),
        fc.nat(55),
        (raw, role, at) => {
          const name = encodePublicKey(role, raw);
          expect(decodePublicKey(role, name)).toEqual(raw);
          expect(decodeSeed(role, encodeSeed(role, raw))).toEqual(raw);
          const changed = name.slice(0, at) + (name[at] === 'B' ? 'C' : 'B') + name.slice(at + 1);
          expect(decodePublicKey(role, changed)).toBeUndefined();
        },
      ),
    );
  });
});

describe('tokens', () => {
  const account = makeSigningKey('account');
  const user = makeSigningKey('user');
  const times = { nowMs: 1_900_000_000_500, expiresAtMs: 1_900_000_060_500 };

  test('a user token says what one of @nats-io/jwt says', async () => {
    const ours = decode(agentUserJwt(account, { publicKey: user.publicKey, cluster: 'eu' }, times));
    const key = fromSeed(text.encode(account.seed));
    const theirs = decode(await encodeUser('eu', fromPublic(user.publicKey), key, {}, { exp: 1_900_000_060 }));
    const { iat, jti: _, ...claims } = { ...ours };
    const { iat: theirIat, jti: __, ...theirClaims } = { ...theirs };
    expect(iat).toBe(1_900_000_000);
    expect(typeof theirIat).toBe(typeof iat);
    expect(claims).toMatchObject({ sub: theirClaims.sub, iss: theirClaims.iss, exp: theirClaims.exp, name: 'eu' });
    expect(claims.nats).toMatchObject({ type: 'user', version: 2 });
  });

  test('each cluster has an account of its own, the same at every start, that gets only what names it', () => {
    const identity = makeFleetIdentity();
    const [eu, us] = ['eu', 'us'].map((cluster) => clusterAccountKey(identity, cluster).publicKey);
    expect(eu).not.toBe(us);
    expect(clusterAccountKey(identity, 'eu').publicKey).toBe(eu);
    const options = { cluster: 'eu', revocations: { [user.publicKey]: 5 }, issuedAtSeconds: 7 };
    const jwt = clusterAccountJwt(identity.operator, { hub: identity.account.publicKey, cluster: eu ?? '' }, options);
    const { sub, nats } = decode(jwt) as unknown as {
      sub: string;
      nats: { imports: { subject: string }[]; exports?: unknown; revocations: unknown };
    };
    expect(sub).toBe(eu);
    const ofOthers = nats.imports.map(({ subject }) => subject).filter((subject) => !subject.split('.').includes('eu'));
    expect(ofOthers).toEqual([]);
    expect(nats.exports).toBeUndefined();
    expect(nats.revocations).toEqual({ [user.publicKey]: 5 });
    expect(decode(operatorJwt(identity.operator, account.publicKey, 0)).sub).toBe(identity.operator.publicKey);
  });

  test('a token with a changed claim does not verify', () => {
    const jwt = agentUserJwt(account, { publicKey: user.publicKey, cluster: 'eu' }, times);
    const [head, body = '', signature] = jwt.split('.');
    const forged = Buffer.from(Buffer.from(body, 'base64url').toString().replace('"eu"', '"us"')).toString('base64url');
    expect(() => decode([head, forged, signature].join('.'))).toThrow();
  });
});
