/** @module Packs the agent into one file that runs by itself: `npm run bundle -- FILE`. What an image of the agent holds beside Node. */
import { chmod } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import runtime from '../local/runtime.json' with { type: 'json' };

const { flags, env } = runtime.agent;

/** The first line of the file: Node with the settings that keep an agent small. `env -S` is of coreutils ≥ 8.30 and of busybox ≥ 1.36. */
export const agentShebang = `#!/usr/bin/env -S ${Object.entries(env)
  .map(([name, value]) => `${name}=${value}`)
  .join(' ')} node ${flags.join(' ')}`;

/**
 * The agent asks with undici's `Pool` alone. Its index, which is CommonJS and so cannot be shaken, brings fetch, caches and web
 * sockets too: without them an agent holds 6 MB less. Calls are put on the dispatchers as the index does it.
 */
const httpParts = `
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import calls from 'undici/lib/api/index.js';
Object.assign(Dispatcher.prototype, calls);
export { Pool };
`;

const onlyHttpParts: Plugin = {
  name: 'only the parts of undici that the agent uses',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'http-parts' }));
    onLoad({ filter: /./, namespace: 'http-parts' }, () => ({ contents: httpParts, resolveDir: import.meta.dirname }));
  },
};

/** Writes the agent as one executable file. Rejects when a source cannot be read or the file not be written. */
export const bundleAgent = async (outfile: string): Promise<void> => {
  await build({
    entryPoints: [join(import.meta.dirname, '..', '..', 'agent', 'main.ts')],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    plugins: [onlyHttpParts],
    banner: {
      // CommonJS packages inside ask for Node's own modules.
      js: `${agentShebang}\nimport { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
    },
    logLevel: 'error',
  });
  await chmod(outfile, 0o755);
};

if (import.meta.main) {
  const file = resolve(process.argv[2] ?? 'hanse-agent.mjs');
  await bundleAgent(file);
  process.stdout.write(`${file}\n`);
}
