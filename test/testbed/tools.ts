/** @module The testbed's binaries: where they lie, whether they match go.mod, and building them when they do not. */
import { createHash } from 'node:crypto';
import { access, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processIsAlive, runToEnd } from './child.ts';

const moduleDir = dirname(fileURLToPath(import.meta.url));
const repoRoot = resolve(moduleDir, '..', '..');
const buildLockWaitMs = 30 * 60_000;
const progressEveryMs = 15_000;

/** The version of Kubernetes that go.mod pins; the binaries report it at `/version`. */
export const kubernetesVersion = 'v1.36.3';

/** Absolute paths of what one build gives. */
export type Testbed = {
  readonly dir: string;
  readonly tools: {
    readonly etcd: string;
    readonly kubeApiserver: string;
    readonly kubeControllerManager: string;
    readonly kubeScheduler: string;
    readonly kubectl: string;
    readonly kwok: string;
    readonly natsServer: string;
  };
  /** kwok's Stage files, in the order they are handed to it. */
  readonly stageFiles: readonly string[];
};

/** Where progress lines go; the default is standard error. */
export type Log = (line: string) => void;

const stageSources = [
  'node/fast/node-initialize.yaml',
  'node/heartbeat/node-heartbeat.yaml',
  'pod/fast/pod-ready.yaml',
  'pod/fast/pod-complete.yaml',
  'pod/fast/pod-delete.yaml',
];

/** The ignored folder that keeps the binaries: `HANSE_CACHE_DIR/testbed`, else `.cache/testbed` in the repository. */
export const testbedCacheDir = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env.HANSE_CACHE_DIR ? resolve(env.HANSE_CACHE_DIR) : join(repoRoot, '.cache'), 'testbed');

const layout = (dir: string): Testbed => {
  const bin = (name: string): string => join(dir, 'bin', name);
  return {
    dir,
    tools: {
      etcd: bin('server'),
      kubeApiserver: bin('kube-apiserver'),
      kubeControllerManager: bin('kube-controller-manager'),
      kubeScheduler: bin('kube-scheduler'),
      kubectl: bin('kubectl'),
      kwok: bin('kwok'),
      natsServer: bin('nats-server'),
    },
    stageFiles: stageSources.map((path) => join(dir, 'stages', path.replaceAll('/', '-'))),
  };
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** What the build depends on; the stamp beside the binaries holds it. */
const wantedStamp = async (): Promise<string> => {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum']) hash.update(await readFile(join(moduleDir, name)));
  return `${kubernetesVersion} ${hash.digest('hex')}\n`;
};

const isBuilt = async (testbed: Testbed, stamp: string): Promise<boolean> => {
  const found = await readFile(join(testbed.dir, 'stamp'), 'utf8').catch(() => '');
  if (found !== stamp) return false;
  const parts = await Promise.all([...Object.values(testbed.tools), ...testbed.stageFiles].map(exists));
  return parts.every((there) => there);
};

const requireGo = async (): Promise<void> => {
  const result = await runToEnd('go', ['version'], { cwd: moduleDir }).catch((cause: unknown) => {
    throw new Error(
      'The testbed builds etcd, Kubernetes and kwok from source and needs Go 1.26 or newer, but `go` was not found on PATH. ' +
        "Install it (https://go.dev/doc/install, or `brew install go`; Debian stable's own is too old) and run this again, " +
        `or copy a finished build of another machine to ${testbedCacheDir()}.`,
      { cause },
    );
  });
  if (result.code !== 0) throw new Error(`\`go version\` failed: ${result.stderr.trim()}`);
};

/** Holds the build lock while `work` runs, so that two test runs on one machine build once. */
const withBuildLock = async (dir: string, log: Log, work: () => Promise<void>): Promise<void> => {
  const path = join(dir, 'lock');
  const giveUpAtMs = Date.now() + buildLockWaitMs;
  for (let told = false; ; ) {
    const lock = await open(path, 'wx').catch(() => undefined);
    if (lock) {
      await lock.writeFile(String(process.pid));
      await lock.close();
      break;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder > 0 && !processIsAlive(holder)) {
      await rm(path, { force: true });
      continue;
    }
    if (Date.now() > giveUpAtMs)
      throw new Error(`Another process (pid ${holder}) has held ${path} for half an hour; stop it or remove the file.`);
    if (!told) log(`testbed: process ${holder} is building it already; waiting`);
    told = true;
    await new Promise((done) => setTimeout(done, 1000));
  }
  try {
    await work();
  } finally {
    await rm(path, { force: true });
  }
};

const buildTools = async (binDir: string, log: Log): Promise<void> => {
  const version = 'k8s.io/component-base/version';
  const [major = '', minor = ''] = kubernetesVersion.slice(1).split('.');
  const ldflags = [
    '-s',
    '-w',
    `-X ${version}.gitVersion=${kubernetesVersion}`,
    `-X ${version}.gitMajor=${major}`,
    `-X ${version}.gitMinor=${minor}`,
  ];
  ldflags.push(`-X ${version}.gitTreeState=clean`, `-X ${version}.gitCommit=unknown`);
  const args = ['build', '-buildvcs=false', '-trimpath', '-ldflags', ldflags.join(' '), '-o', binDir, 'tool'];
  const startedMs = Date.now();
  const seconds = (): number => Math.round((Date.now() - startedMs) / 1000);
  const timer = setInterval(
    () => void readdir(binDir).then((done) => log(`testbed: building, ${seconds()} s, ${done.length}/7 binaries`)),
    progressEveryMs,
  );
  try {
    const result = await runToEnd('go', args, { cwd: moduleDir, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' } });
    if (result.code !== 0)
      throw new Error(`go ${args.join(' ')} (in test/testbed) ended with ${result.code}:\n${result.stderr.slice(-4000)}`);
  } finally {
    clearInterval(timer);
  }
  log(`testbed: built in ${seconds()} s`);
};

const copyStages = async (testbed: Testbed): Promise<void> => {
  const found = await runToEnd('go', ['list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/kwok'], { cwd: moduleDir });
  if (found.code !== 0) throw new Error(`cannot find kwok's module: ${found.stderr.trim()}`);
  await mkdir(join(testbed.dir, 'stages'), { recursive: true });
  for (const [index, source] of stageSources.entries()) {
    const text = await readFile(join(found.stdout.trim(), 'kustomize', 'stage', source), 'utf8');
    await writeFile(testbed.stageFiles[index] ?? '', text);
  }
};

/**
 * Gives the testbed's binaries, building them first when they are missing or go.mod has changed (8-14 minutes on two cores, once).
 * @throws when Go is missing (the message says how to get it) or the build fails. It never skips.
 */
export const ensureTestbed = async ({
  log = (line: string) => void process.stderr.write(`${line}\n`),
}: {
  log?: Log;
} = {}): Promise<Testbed> => {
  const testbed = layout(testbedCacheDir());
  const stamp = await wantedStamp();
  if (await isBuilt(testbed, stamp)) return testbed;
  await requireGo();
  await mkdir(join(testbed.dir, 'bin'), { recursive: true });
  await withBuildLock(testbed.dir, log, async () => {
    if (await isBuilt(testbed, stamp)) return;
    log(`testbed: building etcd, Kubernetes ${kubernetesVersion}, kwok and nats-server from source; this takes about ten minutes, once`);
    await buildTools(join(testbed.dir, 'bin'), log);
    await copyStages(testbed);
    await writeFile(join(testbed.dir, 'stamp.new'), stamp);
    await rename(join(testbed.dir, 'stamp.new'), join(testbed.dir, 'stamp'));
  });
  return testbed;
};
