/** @module What `hanse join` refuses before it makes keys or dials anybody, and what it does about the hub's CA. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RuntimeEnv, silentLog } from '../shared/lib/index.ts';
import { nodeEnv } from '../shared/node/index.ts';
import { joinCommand } from './cli.ts';
import { hubCaKeptIn, readHubCa } from './hub-ca.ts';
import { fileKeyStore } from './link/index.ts';
import { openKeys } from './link/key-store.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-join-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ended = (...words: string[]): Promise<unknown> => {
  const flags = ['--hub', 'https://127.0.0.1:1', '--kubeconfig', join(folder, 'none'), '--key-file', join(folder, 'keys', 'k'), ...words];
  return joinCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parseAsync(flags, { from: 'user' });
};

describe('a name', () => {
  test.each(['Eu_1', '../x', '', 'a/b', '-a', 'a'.repeat(64)])(
    '%j is refused with the letters allowed, and no key is made',
    async (name) => {
      await expect(ended('--name', name)).rejects.toThrow(/is not a cluster name: use 1 to 63 of a-z, 0-9 and -/);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test('of another key file: the name that serves, or how to be rid of it', async () => {
    const store = fileKeyStore(join(folder, 'agent.json'));
    await openKeys(store, 'eu');
    await expect(openKeys(store, 'us')).rejects.toThrow(/is the key of cluster eu, not us: use --name eu; or .* --key-file FILE$/);
    await store.save((await readFile(join(folder, 'agent.json'), 'utf8')).replace('"eu"', '"Eu_1"'));
    await expect(openKeys(store, 'eu')).rejects.toThrow(
      `no name that a cluster can have: remove it with: rm '${join(folder, 'agent.json')}'`,
    );
  });
});

describe('--manifest', () => {
  const manifested = (...words: string[]): Promise<unknown> =>
    joinCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .parseAsync(['--hub', 'https://127.0.0.1:1', '--name', 'eu', '--manifest', ...words], { from: 'user' });

  test.each([
    [['--image', 'x'], /--manifest needs --token/],
    [['--token', 't'], /--manifest needs --image: none is published yet/],
    [['--token', 't', '--image', 'x', '--kubeconfig', 'k'], /--kubeconfig has no meaning with --manifest/],
    [['--token', 't', '--image', 'x', '--key-file', 'k'], /--key-file has no meaning with --manifest/],
  ])('%j: what is missing or means nothing is said', async (words, message) => {
    await expect(manifested(...words)).rejects.toThrow(message);
  });
});

describe("the hub's CA", () => {
  test('a file without a certificate is refused, and so is one that is not there', async () => {
    const file = join(folder, 'passwd');
    await writeFile(file, 'root:x:0:0:root:/root:/bin/sh\n');
    await expect(readHubCa(file)).rejects.toThrow(`no PEM certificate in ${file}`);
    await expect(ended('--name', 'eu', '--hub-ca', file)).rejects.toThrow(`no PEM certificate in ${file}`);
    await expect(readHubCa(join(folder, 'nothing'))).rejects.toThrow(/cannot read .*ENOENT/);
  });

  test('of a hash is asked for until the hub answers, and the log says so once', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const lines: string[] = [];
    let timers = 0;
    const enough = new Error('enough');
    const env: RuntimeEnv = {
      ...nodeEnv({ ...silentLog, warn: (line) => void lines.push(line) }),
      setTimer: (_, run) => {
        if (++timers === 3) throw enough;
        setImmediate(run);
        return () => undefined;
      },
    };
    const asked = hubCaKeptIn(join(folder, 'ca'), `https://127.0.0.1:${port}`, `sha256:${'0'.repeat(64)}`, env);
    await expect(asked).rejects.toBe(enough);
    expect(lines).toEqual([
      expect.stringMatching(/^Joining \(HubUnreachable\): cannot reach the hub at .* \(ECONNREFUSED\): check the address/),
    ]);
  });
});
