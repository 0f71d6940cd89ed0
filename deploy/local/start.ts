/** @module `npm start`: the federation in the foreground, with its progress and what to type next. */
import { join, relative, resolve } from 'node:path';
import { CommanderError } from 'commander';
import { Listr } from 'listr2';
import { messageOf } from '../../shared/lib/message-of.ts';
import { interrupted, makeDataDir, nodeEnv, nodeLog } from '../../shared/node/index.ts';
import { serveControl } from './control.ts';
import { checkFederationFree, type Federation, startFederation } from './federation.ts';
import { leftOutLines } from './left-out.ts';
import { memberFolder } from './playground/member.ts';

/** Flags of `hanse start`. */
export type StartFlags = { readonly dataDir: string; readonly members: number; readonly port: number; readonly verbose?: boolean };

/** A path as a person would type it here. */
const shown = (path: string): string => {
  const here = relative(process.cwd(), path);
  return here.startsWith('..') ? path : here;
};

const nextSteps = (federation: Federation, dataDir: string, warnings: readonly string[]): string => {
  const example = (name: string): string => shown(resolve(import.meta.dirname, 'examples', name));
  const [first] = federation.clusters;
  const dnsPort = first === undefined ? undefined : federation.running(first.name)?.agent.dnsPort;
  const members = federation.members
    .states()
    .map(({ name, url }) => `  ${name.padEnd(14)} ${url}   ${shown(join(memberFolder(dataDir, name), 'kubeconfig'))}`);
  const last = federation.clusters.at(-1)?.name ?? '';
  const where = shown(dataDir) === '.hanse' ? '' : ` --data-dir ${shown(dataDir)}`;
  const kubeconfig = where === '' ? '' : ` --kubeconfig ${shown(federation.hub.kubeconfig)}`;
  return [
    '',
    `Hanse is running.  API ${federation.hub.url}   NATS ${federation.hub.natsUrls.join(', ')}   data ${shown(dataDir)}`,
    ...members,
    ...warnings.map((line) => `  warning: ${line}`),
    '',
    'Type next, in another terminal:',
    `  export KUBECONFIG=${shown(federation.hub.kubeconfig)}`,
    '  kubectl get clusters',
    `  kubectl apply -f ${example('web.yaml')} && kubectl rollout status deployment/web -n shop`,
    `Then lose a cluster:  npm run hanse -- playground${where} stop ${last}`,
    `and see why:          npm run hanse -- explain deployment/web -n shop${kubeconfig}`,
    ...(dnsPort === undefined
      ? []
      : [
          `Ask for a service:    kubectl apply -f ${example('traffic.yaml')}, then: dig -p ${dnsPort} @127.0.0.1 front.front.svc.playground.example`,
        ]),
    'Ctrl-C stops everything; the data stays.',
    '',
  ].join('\n');
};

/** What runs, and members that were not Ready in time. */
type Started = { readonly federation: Federation; readonly absent: readonly string[] };

/** Listr's task list over a start whose steps are told one by one. */
const withProgress = async (start: (progress: (step: string) => void) => Promise<Started>): Promise<Started> => {
  let started: Started | undefined;
  const begunMs = Date.now();
  const tasks = new Listr<object, 'default' | 'simple'>(
    [
      {
        title: 'Starting Hanse',
        task: async (_context, task) => {
          started = await start((step) => {
            task.output = step;
          });
          task.title = `Started in ${((Date.now() - begunMs) / 1000).toFixed(1)} s`;
        },
        rendererOptions: { persistentOutput: false },
      },
    ],
    { fallbackRenderer: 'simple' },
  );
  try {
    await tasks.run();
  } catch (error) {
    // The list has said why; this only ends the command.
    throw new CommanderError(1, 'hanse.start', messageOf(error));
  }
  if (started === undefined) throw new Error('the start ended without a federation');
  return started;
};

/** Runs until interrupted. */
export const start = async (flags: StartFlags): Promise<void> => {
  const dataDir = resolve(flags.dataDir);
  await checkFederationFree({ ...flags, dataDir });
  await makeDataDir(dataDir);
  const log =
    flags.verbose === true
      ? nodeLog({ level: 'info', format: 'text' })
      : nodeLog({ level: 'info', format: 'json', file: join(dataDir, 'hanse.log') });
  const stopping = interrupted(['SIGINT', 'SIGTERM', 'SIGHUP']);
  const { federation, absent } = await withProgress(async (onProgress) => {
    const started = await startFederation({ ...flags, dataDir, env: nodeEnv(log), onProgress });
    return { federation: started, absent: await started.joined() };
  });
  const closeControl = await serveControl(dataDir, federation.members);
  process.stdout.write(nextSteps(federation, dataDir, [...absent, ...leftOutLines(dataDir, flags.members)]));
  await stopping;
  process.stdout.write('\nStopping …\n');
  await closeControl();
  await federation.stop();
  process.stdout.write('Stopped.\n');
};
