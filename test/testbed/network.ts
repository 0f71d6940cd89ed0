/** @module A network of namespaces with faults: builds and drives `netlab`, a Go program that forwards packets between TUN devices. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { runToEnd } from './child.ts';
import { testbedCacheDir } from './tools.ts';

const moduleDir = dirname(fileURLToPath(import.meta.url));

/** What a link does to packets of one direction; what is left out is 0. Percent of packets, or of time for bursts. */
export type LinkConditions = {
  readonly delayMs?: number;
  readonly jitterMs?: number;
  readonly lossPercent?: number;
  /** Share of time in which all is lost, in runs of `burstMeanMs` in the mean. */
  readonly burstLossPercent?: number;
  readonly burstMeanMs?: number;
  readonly duplicatePercent?: number;
  readonly reorderPercent?: number;
  /** A black hole. */
  readonly blocked?: boolean;
};

/** Packets of one direction since the start. */
export type LinkCounts = {
  readonly from: string;
  readonly to: string;
  readonly forwarded: number;
  readonly dropped: number;
  readonly duplicated: number;
};

/** A node: a network namespace with one address in the lab. */
export type NetworkNode = { readonly name: string; readonly namespace: string; readonly address: string };

/** A running network. */
export type Network = {
  readonly nodes: ReadonlyMap<string, NetworkNode>;
  /** Sets the conditions from one node to another, anew as a whole; `*` = all. Directions are apart. */
  readonly link: (from: string, to: string, conditions: LinkConditions) => Promise<void>;
  readonly counts: () => Promise<readonly LinkCounts[]>;
  /** The command line that runs `command` in the namespace of a node. */
  readonly inside: (node: string, command: string, args: readonly string[]) => readonly [command: string, args: readonly string[]];
  readonly stop: () => Promise<void>;
};

/** Why this machine cannot have such a network; undefined when it can. */
export const networkLack = (): string | undefined => {
  if (process.platform !== 'linux') return `network namespaces are Linux's; this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'making network namespaces needs root';
  return existsSync('/dev/net/tun') ? undefined : '/dev/net/tun is missing: load the tun module';
};

/** Builds netlab when its source changed; a few seconds. @throws when Go is missing or the build fails. */
const ensureNetlab = async (): Promise<string> => {
  const source = join(moduleDir, 'netlab');
  const hash = createHash('sha256');
  for (const name of (await readdir(source)).sort()) hash.update(await readFile(join(source, name)));
  const binary = join(testbedCacheDir(), 'bin', 'netlab');
  const stampFile = `${binary}.stamp`;
  const stamp = hash.digest('hex');
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return binary;
  await mkdir(dirname(binary), { recursive: true });
  const args = ['build', '-buildvcs=false', '-trimpath', '-o', binary, './netlab'];
  const built = await runToEnd('go', args, { cwd: moduleDir, env: { ...process.env, CGO_ENABLED: '0' } });
  if (built.code !== 0) throw new Error(`go ${args.join(' ')} (in test/testbed) ended with ${built.code}:\n${built.stderr.slice(-2000)}`);
  await writeFile(stampFile, stamp);
  return binary;
};

/**
 * Starts a network with these nodes, fully meshed. Chance comes from `seed`; `wrap` comes before the command, such as `nice`. Needs Linux, root, `ip` and Go.
 * @throws with netlab's words when it cannot be made.
 */
export const startNetwork = async (options: { nodes: readonly string[]; seed?: number; wrap?: readonly string[] }): Promise<Network> => {
  const binary = await ensureNetlab();
  const args = ['-prefix', `hanse${process.pid}`, '-seed', String(options.seed ?? 1)];
  const [command = binary, ...rest] = [...(options.wrap ?? []), binary, ...args];
  // It ends when its standard input closes: with us, however we end.
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const url = await new Promise<string>((done, failed) => {
    createInterface({ input: child.stdout }).once('line', done);
    child.once('error', failed);
    child.once('exit', () => failed(new Error(`netlab ended: ${words}`)));
  });
  const call = async (method: 'POST' | 'PUT' | 'GET', path: string, body?: unknown): Promise<unknown> => {
    const answer = await request(`${url}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`netlab: ${text.trim()}`);
    return JSON.parse(text);
  };
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await ended;
  };
  const nodes = new Map<string, NetworkNode>();
  try {
    for (const name of options.nodes) nodes.set(name, (await call('POST', '/nodes', { name })) as NetworkNode);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    nodes,
    link: async (from, to, conditions) => {
      await call('PUT', '/links', { from, to, ...conditions });
    },
    counts: async () => (await call('GET', '/links')) as LinkCounts[],
    inside: (node, command, rest) => ['ip', ['netns', 'exec', nodes.get(node)?.namespace ?? node, command, ...rest]],
    stop,
  };
};
