/** @module Rules of the playground's control door. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callControl, serveControl } from './control.ts';

let folder: string;
let close: () => Promise<void>;
let running = true;

beforeEach(async () => {
  running = true;
  folder = await mkdtemp(join(tmpdir(), 'control-'));
  const set = (value: boolean) => async () => {
    running = value;
  };
  close = await serveControl(folder, {
    stop: set(false),
    start: set(true),
    states: () => [{ name: 'eu', running, url: 'https://127.0.0.1:1' }],
  });
});

afterEach(async () => {
  await close();
  await rm(folder, { recursive: true });
});

test('a member is stopped and started by name', async () => {
  expect(await callControl(folder, 'POST', '/members/eu/stop')).toEqual([{ name: 'eu', running: false, url: 'https://127.0.0.1:1' }]);
  expect(await callControl(folder, 'POST', '/members/eu/start')).toMatchObject([{ running: true }]);
});

test('an unknown member is refused with the names that are known', async () => {
  await expect(callControl(folder, 'POST', '/members/us/stop')).rejects.toThrow('no member "us" here (members: eu)');
});

test('the key lies in a file for its owner alone, and nothing opens without it', async () => {
  const file = join(folder, 'playground.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const { port } = JSON.parse(await readFile(file, 'utf8')) as { port: number };
  const refused = await fetch(`http://127.0.0.1:${port}/members/eu/stop`, { method: 'POST', headers: { authorization: 'Bearer guess' } });
  expect(refused.status).toBe(401);
  expect(running).toBe(true);
});

test('without a running playground the message says how to start one', async () => {
  await close();
  await expect(callControl(folder, 'GET', '/members')).rejects.toThrow('npm start');
});
