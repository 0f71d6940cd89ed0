/** @module The hub's secret files: made once, kept private, never half. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from '@nats-io/jwt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAccountBook } from './account-book.ts';
import { loadFleetIdentity, makeFleetIdentity } from './fleet-identity.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-identity-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('the identity', () => {
  test('is the same after a restart, in files of mode 0600', async () => {
    const folder = join(dir, 'identity');
    const first = await loadFleetIdentity(folder);
    expect((await loadFleetIdentity(folder)).operator.publicKey).toBe(first.operator.publicKey);
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  test('with a missing or damaged file is refused, not made anew', async () => {
    const folder = join(dir, 'identity');
    await loadFleetIdentity(folder);
    await writeFile(join(folder, 'work.seed'), 'SUAWRONG');
    await expect(loadFleetIdentity(folder)).rejects.toThrow('work.seed cannot be read: restore it');
    await rm(join(folder, 'work.seed'));
    await expect(loadFleetIdentity(folder)).rejects.toThrow('lacks work');
  });
});

describe('the account book', () => {
  const identity = makeFleetIdentity();
  const open = (nowMs: number) => openAccountBook({ folder: dir, identity, nowMs, credentialTtlMs: 3_600_000 });
  const revocationsOf = (jwt: string): unknown => (decode(jwt) as unknown as { nats: { revocations: unknown } }).nats.revocations;

  test('remembers who is revoked after a restart, also those revoked at once', async () => {
    const book = await open(5_000_000);
    const keys = Array.from({ length: 20 }, (_, i) => `U${i}`);
    await Promise.all(keys.map((key) => book.revoke('eu', key, 6_000_500)));
    const again = await open(9_000_000);
    expect(keys.map((key) => again.revokedAtSeconds(key))).toEqual(keys.map(() => 6_000));
    expect(revocationsOf(again.clusterJwt('eu'))).toEqual(Object.fromEntries(keys.map((key) => [key, 6_000])));
    expect(revocationsOf(again.clusterJwt('us'))).toEqual({});
    expect([again.revokedSince(6_000_000), again.revokedSince(6_001_000)]).toEqual([['eu'], []]);
    expect(again.revokedAtSeconds('toString')).toBeUndefined();
  });

  test('revokes a key in each cluster apart', async () => {
    const book = await open(5_000_000);
    await book.revoke('eu', 'U1', 6_000_000);
    await book.revoke('us', 'U1', 7_000_000);
    const again = await open(9_000_000);
    expect(['eu', 'us'].map((cluster) => revocationsOf(again.clusterJwt(cluster)))).toEqual([{ U1: 6_000 }, { U1: 7_000 }]);
    expect([again.revokedAtSeconds('U1'), revocationsOf(again.meshJwt())]).toEqual([7_000, { U1: 7_000 }]);
  });

  test('revokes again, in the same second, what was issued after the last revocation', async () => {
    const book = await open(5_000_000);
    await book.revoke('eu', 'U1', 6_000_100);
    await book.revoke('eu', 'U1', 6_000_900);
    expect([book.revokedAtSeconds('U1'), revocationsOf(book.clusterJwt('eu'))]).toEqual([6_001, { U1: 6_001 }]);
    await book.revoke('eu', 'U1', 9_000_000);
    expect(book.revokedAtSeconds('U1')).toBe(9_000);
  });

  test('never goes back in time, so that servers keep the newest claims', async () => {
    const book = await open(9_000_000);
    expect(decode(await book.revoke('eu', 'U1', 1_000_000)).iat).toBe(9_000);
    expect(decode(book.hubJwt()).iat).toBe(9_000);
  });

  test('that is damaged is refused: forgetting would let the revoked in', async () => {
    await open(0);
    await writeFile(join(dir, 'revoked.json'), (await readFile(join(dir, 'revoked.json'), 'utf8')).slice(3));
    await expect(open(0)).rejects.toThrow('is damaged');
  });
});
