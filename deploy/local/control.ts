/** @module Lets a second terminal stop and start the members of a running playground: a loopback door whose key lies in the data directory. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { messageOf } from '../../shared/lib/message-of.ts';

/** What may be done to a member, and what it is doing. */
export type MemberControl = {
  readonly stop: (name: string) => Promise<void>;
  readonly start: (name: string) => Promise<void>;
  readonly states: () => readonly { readonly name: string; readonly running: boolean; readonly url: string }[];
};

type Door = { readonly port: number; readonly key: string; readonly pid: number };

const fileIn = (dataDir: string): string => join(dataDir, 'playground.json');
const callTimeoutMs = 30_000;

const isKey = (request: IncomingMessage, key: string): boolean => {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${key}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

const answer = async (control: MemberControl, method: string, path: string): Promise<{ code: number; body: unknown }> => {
  const [, , name = '', verb = ''] = path.split('/');
  if (method === 'GET' && path === '/members') return { code: 200, body: control.states() };
  const known = control.states().map((state) => state.name);
  if (!known.includes(name)) return { code: 404, body: { message: `no member "${name}" here (members: ${known.join(', ')})` } };
  if (method !== 'POST' || (verb !== 'stop' && verb !== 'start')) return { code: 404, body: { message: `nothing at ${method} ${path}` } };
  await control[verb](name);
  return { code: 200, body: control.states() };
};

/** Opens the door on a free loopback port and writes its address and key (mode 0600) into the data directory; the answer closes it. */
export const serveControl = async (dataDir: string, control: MemberControl): Promise<() => Promise<void>> => {
  const key = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    const send = (code: number, body: unknown): void => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (!isKey(request, key)) return send(401, { message: 'wrong key' });
    answer(control, request.method ?? '', request.url ?? '').then(
      ({ code, body }) => send(code, body),
      (error: unknown) => send(500, { message: messageOf(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const door: Door = { port: (server.address() as AddressInfo).port, key, pid: process.pid };
  await writeFile(fileIn(dataDir), JSON.stringify(door), { mode: 0o600 });
  return async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await rm(fileIn(dataDir), { force: true });
  };
};

/** Asks the playground that runs on this data directory. @throws Error that says how to start one when none runs. */
export const callControl = async (dataDir: string, method: 'GET' | 'POST', path: string): Promise<ReturnType<MemberControl['states']>> => {
  const absent = `no playground runs on ${dataDir}: start one with \`npm start\`, or name its folder with --data-dir`;
  let door: Door;
  try {
    door = JSON.parse(await readFile(fileIn(dataDir), 'utf8')) as Door;
  } catch (cause) {
    throw new Error(absent, { cause });
  }
  let response: Response;
  try {
    const headers = { authorization: `Bearer ${door.key}` };
    response = await fetch(`http://127.0.0.1:${door.port}${path}`, { method, headers, signal: AbortSignal.timeout(callTimeoutMs) });
  } catch (cause) {
    throw new Error(absent, { cause });
  }
  const body = (await response.json()) as ReturnType<MemberControl['states']> | { message: string };
  if (!response.ok) throw new Error('message' in body ? body.message : `HTTP ${response.status}`);
  return body as ReturnType<MemberControl['states']>;
};
