#!/usr/bin/env node
/**
 * @module The door to every command: installs what a fresh clone lacks, finds a Node that can run TypeScript, and hands over to it.
 * Plain JavaScript on purpose: this file alone must run on Node 20, before anything is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const nodeMajorMin = 24;
const { signals } = constants;

/** What each npm script runs: a list of programs, one after the other; the first that fails ends it. */
const vitest = (...args) => ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', ...args];
const commands = {
  hanse: [['deploy/local/hanse.ts']],
  start: [['deploy/local/hanse.ts', 'start']],
  tour: [['deploy/local/hanse.ts', 'tour']],
  test: [['deploy/local/ensure-nats.ts'], vitest('--project', 'unit', '--project', 'nats')],
  check: [
    ['node_modules/typescript/bin/tsc', '-p', '.'],
    ['node_modules/@biomejs/biome/bin/biome', 'check', '.'],
    vitest('--project', 'unit', 'test/rooms.test.ts'),
  ],
  e2e: [vitest('--project', 'e2e')],
  sim: [['test/sim/main.ts']],
  bench: [['test/bench/index.ts']],
  bundle: [['deploy/agent/bundle.ts']],
};

/** Settings of Node and of the allocator that keep the programs small; measured by `npm run bench -- footprint`. */
const settings = JSON.parse(readFileSync(join(root, 'deploy', 'local', 'runtime.json'), 'utf8'));

const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

/** One npm command, its words on stderr, since stdout may be a JSON document. */
const npm = (args, what) => {
  const done = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (done.error) fail(`npm could not be started (${done.error.message}). Install npm, then run this again.`);
  if (done.status !== 0) fail(`${what} failed (npm's words are above). Mend that, then run this again: nothing else was changed.`);
};

/** Installs the locked dependencies once for each lock file. Without install scripts: the native parts come prebuilt. */
const installDependencies = () => {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.installed-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  // npm ci empties what the link leads to: the dependencies of another checkout.
  const folder = join(root, 'node_modules');
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink())
    fail(
      `${folder} is a symbolic link, and installing would empty the folder it leads to. Remove the link (rm ${folder}), then run this again.`,
    );
  process.stderr.write('Installing dependencies (npm ci) …\n');
  const startedMs = Date.now();
  npm(['ci', '--ignore-scripts'], 'npm ci');
  writeFileSync(stamp, lock);
  process.stderr.write(`Dependencies installed in ${Math.round((Date.now() - startedMs) / 1000)} s.\n`);
};

/** This Node when it is new enough, else the one from npm's `node` package, unpacked by its own install script. */
const findRuntime = () => {
  // npm runs us with the Node of node_modules when there is one: the installation may just have removed it.
  const isNew = Number(process.versions.node.split('.')[0]) >= nodeMajorMin;
  if (isNew && existsSync(process.execPath)) return process.execPath;
  const packaged = join(root, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(packaged)) return packaged;
  process.stderr.write(`Getting Node ${nodeMajorMin} or newer from npm …\n`);
  npm(['rebuild', 'node', '--ignore-scripts=false', '--foreground-scripts'], 'npm rebuild node');
  if (existsSync(packaged)) return packaged;
  return fail(`npm's "node" package did not unpack its binary. Install Node ${nodeMajorMin} or newer, then run this again.`);
};

const lookForNpmEveryMs = 1_000;

/** npm does not hand on the signal that ends it: whoever stops npm wants an end of what it runs. */
const whenNpmEnds = (end) => {
  if (!process.env.npm_lifecycle_script?.includes('launch.mjs')) return undefined;
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent) end();
  }, lookForNpmEveryMs);
};

/** Runs one program to its end; signals go to it, and its end is ours. */
const run = (runtime, { flags, env }, args) =>
  new Promise((resolve) => {
    const child = spawn(runtime, ['--disable-warning=ExperimentalWarning', ...flags, ...args], {
      cwd: process.cwd(),
      stdio: 'inherit',
      env: { ...env, ...process.env, NODE_COMPILE_CACHE: join(root, '.cache', 'compile'), PATH: `${dirname(runtime)}:${process.env.PATH}` },
    });
    const forward = (signal) => child.kill(signal);
    // A terminal's Ctrl-C reaches the child by itself, and twice would mean "at once"; elsewhere the signal was meant for this process alone.
    const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    const onInterrupt = (signal) => {
      if (!hasTerminal) child.kill(signal);
    };
    process.on('SIGINT', onInterrupt);
    process.on('SIGTERM', forward);
    process.on('SIGHUP', forward);
    const watch = whenNpmEnds(() => child.kill('SIGTERM'));
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', forward);
      process.off('SIGHUP', forward);
      // Shells say 128 and the signal's number.
      resolve(code ?? 128 + (signals[signal] ?? 0));
    });
  });

/** `hanse join` is an agent; whatever else Hanse runs is a hub or as large as one. Tools run as Node does by itself. */
const settingsOf = ([file], command) => {
  if (file !== 'deploy/local/hanse.ts') return { flags: [], env: {} };
  return command === 'join' ? settings.agent : settings.hub;
};

const [name = 'hanse', ...rest] = process.argv.slice(2);
const viaBin = !(name in commands);
const programs = viaBin ? commands.hanse : commands[name];
const args = viaBin ? process.argv.slice(2) : rest;

installDependencies();
const runtime = findRuntime();
for (const [index, program] of programs.entries()) {
  const [file, ...fixed] = program;
  const last = index === programs.length - 1;
  const code = await run(runtime, settingsOf(program, args[0]), [join(root, file), ...fixed, ...(last ? args : [])]);
  if (code !== 0) process.exit(code);
}
