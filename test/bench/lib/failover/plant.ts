/** @module What the sites have in common: nats-server in a namespace of its own, the hub in another, and what a user gives the hub. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import runtime from '../../../../deploy/local/runtime.json' with { type: 'json' };
import { ensureNatsServer } from '../../../../hub/fleet/index.ts';
import { silentLog } from '../../../../shared/lib/index.ts';
import { run } from '../../../e2e/program.ts';
import { type Child, type Network, startChild, type Testbed, waitFor } from '../../../testbed/index.ts';
import { type Blow, front, type Place, ports, urgent, web } from './words.ts';

/** Names of the namespaces that hold no cluster. */
export const brokerPlace = 'broker';
export const hubPlace = 'hub';

/** A process that is struck and mended. */
export type Program = { readonly strike: (blow: Blow) => Promise<void>; readonly isRunning: () => boolean };

/** Broker and hub. */
export type Plant = {
  readonly broker: Program;
  readonly hub: Program;
  /** kubectl against the hub. @throws with its stderr. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** Words of `hanse join` for a site. */
  readonly joinWords: (place: Place, kubeconfig: string, keyFile: string, region: string) => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
};

const hanse = resolve(import.meta.dirname, '..', '..', '..', '..', 'deploy', 'local', 'hanse.ts');
const natsPort = 4_222;
const hubPort = 7_443;
/** A hub starts in seconds; on a machine that others have as well, in minutes. */
const seenWithinMs = 240_000;

/** A fleet's rules for the laboratory: those of a user who wants the next trial soon. All else is as it comes. */
export const labFailoverPolicy = {
  limits: { windowSeconds: 10 },
  failback: { holdDownSeconds: 1, maxHoldDownSeconds: 1, halfLifeSeconds: 1 },
} as const;
const labFailback = { holdDownSeconds: 0, stepsPercent: [100], stepSeconds: 1 } as const;

const hanseKind = (kind: string, name: string, namespace: string | undefined, spec: object): object => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec,
});
const labels = { app: web.name };

/** What a user applies: where requests go, and a workload that is divided evenly. */
export const userObjects: readonly object[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: front.namespace } },
  hanseKind('TrafficPolicy', front.name, front.namespace, {
    services: [front.name],
    reach: 'Gateway',
    failback: labFailback,
    dns: { zone: front.zone, ttlSeconds: 5 },
  }),
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: web.namespace } },
  hanseKind('PlacementPolicy', web.name, web.namespace, {
    resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: web.name }],
    replicaScheduling: { strategy: 'Weighted' },
  }),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: web.name, namespace: web.namespace },
    spec: {
      replicas: web.replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'web', image: 'nginx:1.29', resources: { requests: { cpu: '100m', memory: '64Mi' } } }] },
      },
    },
  },
];

/** What a plant is made of. */
export type PlantOptions = { readonly network: Network; readonly testbed: Testbed; readonly dataDir: string };

const hanseArgs = (words: readonly string[]): string[] => ['--disable-warning=ExperimentalWarning', ...runtime.hub.flags, hanse, ...words];
const addressOf = (network: Network, place: string): string => network.nodes.get(place)?.address ?? '';

/** A process that the same words start again. */
const programOf = (start: () => Promise<Child>, first: Child): Program & { readonly stop: () => Promise<void> } => {
  let child = first;
  return {
    strike: async (blow) => {
      if (blow === 'start') child = await start();
      else if (blow === 'kill') await child.stop(0);
      else child.signal(blow === 'pause' ? 'SIGSTOP' : 'SIGCONT');
    },
    isRunning: () => child.isRunning(),
    stop: () => child.stop(),
  };
};

/** Starts broker and hub, each in its namespace. @throws when one of them does not come up. */
export const startPlant = async ({ network, testbed, dataDir }: PlantOptions): Promise<Plant> => {
  const around = { cwd: dataDir, env: { ...process.env, HOME: dataDir, KUBECONFIG: '' } };
  const natsUrl = `nats://${addressOf(network, brokerPlace)}:${natsPort}`;
  const hubWords = [
    'hub',
    '--data-dir',
    join(dataDir, 'hub'),
    '--host',
    addressOf(network, hubPlace),
    '--port',
    String(hubPort),
    '--nats-url',
    natsUrl,
  ];
  const kubeconfig = join(dataDir, 'hub', 'kubeconfig');

  const inHub = async (command: string, args: readonly string[], input?: string): Promise<string> => {
    const [outer, rest] = network.inside(hubPlace, command, args);
    const { code, stdout, stderr } = await run(outer, rest, around, input);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  };
  const start = (place: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Child> => {
    const [outer, rest] = network.inside(place, command, args);
    return startChild(place, outer, rest, { cwd: dataDir, env: { ...around.env, ...env }, logFile: join(dataDir, `${place}.log`) });
  };
  const config = (await inHub(process.execPath, hanseArgs([...hubWords, '--print-nats-config']))).replaceAll(
    '"/data/',
    `"${dataDir}/nats/`,
  );
  await writeFile(join(dataDir, 'nats.conf'), config);
  const { path: natsServer } = await ensureNatsServer({ log: silentLog });
  const startBroker = (): Promise<Child> =>
    start(brokerPlace, urgent[0], [...urgent.slice(1), natsServer, '-c', join(dataDir, 'nats.conf')]);
  const startHub = (): Promise<Child> =>
    start(hubPlace, process.execPath, hanseArgs([...hubWords, '--log-format', 'json']), runtime.hub.env);
  const broker = programOf(startBroker, await startBroker());
  const hub = programOf(startHub, await startHub());
  const kubectl: Plant['kubectl'] = (args, input) => inHub(testbed.tools.kubectl, ['--kubeconfig', kubeconfig, ...args], input);
  await waitFor('the hub', () => kubectl(['get', '--raw', '/readyz']), { timeoutMs: seenWithinMs, pollMs: 500 });
  return {
    broker,
    hub,
    kubectl,
    joinWords: async (place, memberKubeconfig, keyFile, region) => {
      const words = ['token', 'create', '--auto-approve', place.name, '-o', 'json', '--kubeconfig', kubeconfig];
      const {
        token,
        caHash,
        hub: server,
      } = JSON.parse(await inHub(process.execPath, hanseArgs(words))) as {
        token: string;
        caHash: string;
        hub: string;
      };
      return [
        ...['join', '--hub', server, '--ca-hash', caHash, '--token', token, '--name', place.name],
        ...['--kubeconfig', memberKubeconfig, '--key-file', keyFile],
        ...['--label', `hanse.dev/provider=cloud-${region}`, '--label', `topology.kubernetes.io/region=${region}`],
        ...['--mesh-listen', `${place.address}:${ports.mesh}`, '--dns-listen', `${place.address}:${ports.dns}`],
        // Abstentions are told at debug.
        ...['--log-format', 'json', '--log-level', 'debug'],
      ];
    },
    stop: async () => {
      await hub.stop();
      await broker.stop();
    },
  };
};
