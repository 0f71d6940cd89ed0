/** @module Rules of the certificate authority. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openAuthority, type Subject } from './certificates.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 0, 1);
const directories: string[] = [];
const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'hanse-ca-'));
  directories.push(directory);
  return directory;
};
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});
const authorityAt = (directory: string, nowMs = NOW_MS) => openAuthority({ directory, commonName: 'hanse', nowMs: () => nowMs });
const SERVER: Subject = { commonName: 'hub', dnsNames: ['localhost', 'hub.example'], ipAddresses: ['127.0.0.1', '::1'] };

describe('certificates', () => {
  it('a server certificate is signed by the CA and speaks for its names and addresses', async () => {
    const authority = await authorityAt(scratch());
    const leaf = new X509Certificate((await authority.issue('server', 'server', SERVER)).certificatePem);
    const ca = new X509Certificate(authority.certificatePem);
    expect([leaf.verify(ca.publicKey), ca.ca, leaf.ca]).toEqual([true, true, false]);
    expect(leaf.subjectAltName?.split(', ').sort()).toEqual([
      'DNS:hub.example',
      'DNS:localhost',
      'IP Address:0:0:0:0:0:0:0:1',
      'IP Address:127.0.0.1',
    ]);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('a client certificate carries its user and groups', async () => {
    const authority = await authorityAt(scratch());
    const { certificatePem } = await authority.issue('admin', 'client', { commonName: 'ann, of "A=B"', organizations: ['dev', 'ops'] });
    const { CN, O } = new X509Certificate(certificatePem).toLegacyObject().subject as { CN: string; O: string[] };
    expect([CN, O]).toEqual(['ann, of "A=B"', ['dev', 'ops']]);
  });

  it('keys and certificates are for their owner only', async () => {
    const directory = scratch();
    await (await authorityAt(directory)).issue('server', 'server', SERVER);
    for (const file of ['ca.key', 'ca.crt', 'server.key', 'server.crt']) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  });

  it('what is there and still fits is kept, over restarts too', async () => {
    const directory = scratch();
    const first = await (await authorityAt(directory)).issue('server', 'server', SERVER);
    expect(await (await authorityAt(directory)).issue('server', 'server', SERVER)).toEqual(first);
  });

  it.each<[string, number, Subject]>([
    ['it is near its end', NOW_MS + 320 * DAY_MS, SERVER],
    ['an address is new', NOW_MS, { ...SERVER, ipAddresses: ['127.0.0.1', '::1', '192.0.2.1'] }],
    ['the name is another', NOW_MS, { ...SERVER, commonName: 'other' }],
  ])('a certificate is issued anew when %s', async (_, nowMs, subject) => {
    const directory = scratch();
    const first = await (await authorityAt(directory)).issue('server', 'server', SERVER);
    const second = await (await authorityAt(directory, nowMs)).issue('server', 'server', subject);
    expect(second.certificatePem).not.toBe(first.certificatePem);
    expect(readFileSync(second.certificateFile, 'utf8')).toBe(second.certificatePem);
  });

  it('a certificate of another CA is not kept', async () => {
    const directory = scratch();
    const first = await (await authorityAt(directory)).issue('server', 'server', SERVER);
    for (const file of ['ca.key', 'ca.crt']) rmSync(join(directory, file));
    const again = await authorityAt(directory);
    const second = await again.issue('server', 'server', SERVER);
    expect(second.certificatePem).not.toBe(first.certificatePem);
    expect(new X509Certificate(second.certificatePem).verify(new X509Certificate(again.certificatePem).publicKey)).toBe(true);
  });
});
