/** @module `hanse playground`: members only, for a hub that runs elsewhere. */
import { resolve } from 'node:path';
import { keepSmall } from '../../../hub/collector.ts';
import { checkUnlocked } from '../../../hub/store/index.ts';
import { checkPortsFree, interrupted, makeDataDir, nodeEnv, nodeLog } from '../../../shared/node/index.ts';
import { serveControl } from '../control.ts';
import { leftOutLines } from '../left-out.ts';
import { cloudClusters } from './clouds.ts';
import { memberFolder, type PlaygroundMember, startMember } from './member.ts';

/** Flags of `hanse playground`. */
export type PlaygroundFlags = { readonly dataDir: string; readonly members: number; readonly port: number; readonly apiOnly?: boolean };

/** Runs the members until interrupted, and says how each joins. */
export const runPlayground = async ({ dataDir, members: count, port, apiOnly = false }: PlaygroundFlags): Promise<void> => {
  keepSmall();
  const env = nodeEnv(nodeLog({ level: 'warn', format: 'text' }));
  const folder = resolve(dataDir);
  const clusters = cloudClusters(count);
  for (const { name } of clusters) checkUnlocked(memberFolder(folder, name));
  if (port !== 0) {
    const ports = clusters.map(({ name }, index) => ({ port: port + index, use: `the API of ${name}` }));
    await checkPortsFree('127.0.0.1', port, ports);
  }
  await makeDataDir(folder);
  const stopping = interrupted();
  const running = new Map<string, PlaygroundMember>();
  const start = async (name: string): Promise<void> => {
    const index = clusters.findIndex((cluster) => cluster.name === name);
    const cluster = clusters[index];
    if (cluster === undefined || running.has(name)) return;
    const member = await startMember({
      cluster,
      dataDir: memberFolder(folder, name),
      port: port === 0 ? 0 : port + index,
      env,
      apiOnly,
    });
    running.set(name, member);
    process.stdout.write(`${name.padEnd(16)} ${member.url}  ${member.kubeconfig}\n`);
  };
  const stop = async (name: string): Promise<void> => {
    const member = running.get(name);
    running.delete(name);
    await member?.stop();
  };
  const stopAll = (): Promise<unknown> => Promise.all([...running.keys()].map(stop));
  try {
    for (const { name } of clusters) await start(name);
  } catch (error) {
    await stopAll();
    throw error;
  }
  const states = () => clusters.map(({ name }) => ({ name, running: running.has(name), url: running.get(name)?.url ?? '' }));
  const closeControl = await serveControl(folder, { start, stop, states });
  for (const line of leftOutLines(folder, count)) process.stdout.write(`warning: ${line}\n`);
  process.stdout.write(
    'Join one with the command that `hanse token create` prints and its kubeconfig above. Ctrl-C stops them; the data stays.\n',
  );
  await stopping;
  process.stdout.write('\nStopping …\n');
  await closeControl();
  await stopAll();
  process.stdout.write('Stopped.\n');
};
