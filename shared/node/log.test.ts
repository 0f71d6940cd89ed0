/** @module Both forms of the log. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { logFormatDefault, nodeLog, textLine } from './log.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-log-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('a line for people has the time, the level, the message, and fields that can be told apart', () => {
  const at = new Date('2026-01-02T03:04:05.678Z');
  expect(textLine(at, 'warn', 'it rains', { where: 'eu west', drops: 3, since: undefined })).toBe(
    '03:04:05 warn  it rains  where="eu west" drops=3\n',
  );
  expect(textLine(at, 'info', 'dry', {})).toBe('03:04:05 info  dry\n');
});

test.each(['text', 'json'] as const)('%s: what is below the level is not written, what a child is bound to is', async (format) => {
  const file = join(dir, format);
  const log = nodeLog({ level: 'warn', format, file }).child({ part: 'hub' });
  log.info('quiet');
  log.error('loud', { code: 7 });
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  if (format === 'text') expect(lines[0]).toMatch(/ error loud {2}part=hub code=7$/);
  else expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'loud', part: 'hub', code: 7 });
});

test('a file never grows beyond its limit: the half before it is kept beside it, and both are the owner’s alone', async () => {
  const file = join(dir, 'bounded');
  const log = nodeLog({ level: 'info', format: 'text', file, fileBytesMax: 1_000 });
  for (let at = 0; at < 100; at++) log.info('a line of some thirty characters', { at });
  const [now, before] = await Promise.all([stat(file), stat(`${file}.1`)]);
  expect(now.size).toBeLessThan(1_000);
  expect(before.size).toBeGreaterThanOrEqual(1_000);
  expect([now.mode & 0o777, before.mode & 0o777]).toEqual([0o600, 0o600]);
  expect(await readFile(file, 'utf8')).toContain('at=99\n');
});

test.runIf(existsSync('/dev/full'))('a log on a full disk is said once on standard error and ends nothing', () => {
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const log = nodeLog({ level: 'info', format: 'json', file: '/dev/full' });
  for (let at = 0; at < 3; at++) log.info('no room');
  const lines = told.mock.calls.map(([line]) => String(line));
  told.mockRestore();
  expect(lines).toEqual([
    expect.stringMatching(/^the log \/dev\/full cannot be written \(ENOSPC: .*\): free space there; the program goes on\n$/),
  ]);
});

test('people read the log of a command, collectors that of a pod', () => {
  expect([logFormatDefault({}), logFormatDefault({ KUBERNETES_SERVICE_HOST: '10.0.0.1' })]).toEqual(['text', 'json']);
});

test.each(['text', 'json'] as const)('%s: an error is told with what caused it', async (format) => {
  const file = join(dir, `error-${format}`);
  nodeLog({ level: 'warn', format, file }).error('a request failed', { error: new Error('no answer', { cause: new Error('disk gone') }) });
  const line = (await readFile(file, 'utf8')).trimEnd();
  if (format === 'text') expect(line).toMatch(/ error a request failed {2}error="no answer: disk gone"$/);
  else {
    const { error } = JSON.parse(line) as { error: { message: string; stack: string; cause: { message: string } } };
    expect([error.message, error.cause.message]).toEqual(['no answer', 'disk gone']);
    expect(error.stack).toContain('log.test.ts');
  }
});
