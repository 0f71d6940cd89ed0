/** @module One real member cluster on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok. */
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ApiCall, apiClient } from './api.ts';
import { ensureCredentials, writeKubeconfig } from './credentials.ts';
import { applyNodes, type NodeSpec } from './nodes.ts';
import { type PartContext, type PartName, partNames, servingCertificate } from './parts.ts';
import { freePorts } from './ports.ts';
import { type Supervisor, supervise } from './supervisor.ts';
import { ensureTestbed, type Log, type Testbed } from './tools.ts';

/** What a member is started with. */
export type MemberOptions = {
  /** Names the cluster in the kubeconfig. */
  readonly name: string;
  /** Everything the member writes lies here; a second start on the same directory finds its objects again. */
  readonly dataDir: string;
  /** Fake nodes to create; the start waits until they are Ready. */
  readonly nodes?: readonly NodeSpec[];
  /** Which parts to run beside etcd and kube-apiserver, which always do. Default: all. */
  readonly parts?: readonly PartName[];
  /** Which controllers kube-controller-manager runs, e.g. `apiControllers`. Default: all that make sense without a cloud. */
  readonly controllers?: readonly string[];
  /** Passed on to kube-apiserver, e.g. `DRAConsumableCapacity=true`. */
  readonly featureGates?: string;
  /** Address that the API server listens on. Default: loopback alone. */
  readonly listen?: string;
  readonly testbed?: Testbed;
  readonly log?: Log;
};

/** A running member cluster. */
export type Member = {
  readonly name: string;
  readonly dataDir: string;
  /** Origin of its API, e.g. `https://127.0.0.1:23456`. */
  readonly server: string;
  /** Path of a kubeconfig of its administrator (group system:masters). */
  readonly kubeconfig: string;
  readonly token: string;
  /** PEM. */
  readonly ca: string;
  /** How long the start took until everything was ready. */
  readonly readyMs: number;
  /** One request as the administrator. */
  readonly call: ApiCall;
  /** Process ids of the parts that run. */
  pids(): ReadonlyMap<PartName, number>;
  /** Creates fake nodes, or updates them, and waits until they are Ready. */
  addNodes(nodes: readonly NodeSpec[]): Promise<void>;
  /** Ends only the API server: connections are refused. */
  stopApiServer(): Promise<void>;
  /** Starts it again on the same port and waits until it is ready. */
  startApiServer(): Promise<void>;
  /** SIGSTOP for the parts (default all): connections are taken and nothing answers. */
  pause(parts?: readonly PartName[]): void;
  /** SIGCONT. */
  resume(parts?: readonly PartName[]): void;
  /** SIGKILL for the parts (default all), as when a machine dies. */
  kill(parts?: readonly PartName[]): Promise<void>;
  /** Ends every part, in reverse order. The data directory stays. */
  stop(): Promise<void>;
};

// An API server with watches open drains for a minute; a test wants it gone.
const drainMs = 1_000;

const isNodeReady = (node: unknown): boolean => {
  const conditions = (node as { status?: { conditions?: { type: string; status: string }[] } }).status?.conditions ?? [];
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
};

/**
 * Starts a member and waits until its API is ready, its service accounts work and its nodes are Ready.
 * @throws with the end of the part's log when a part ends early or is not ready within 90 s; nothing is left running.
 */
export const startMember = async (options: MemberOptions): Promise<Member> => {
  const startedMs = Date.now();
  const testbed = options.testbed ?? (await ensureTestbed(options.log ? { log: options.log } : {}));
  const dataDir = resolve(options.dataDir);
  await mkdir(join(dataDir, 'logs'), { recursive: true });
  const [etcd = 0, etcdPeer = 0, api = 0, kwok = 0] = await freePorts(4);
  const context: PartContext = {
    testbed,
    dataDir,
    credentials: await ensureCredentials(dataDir),
    ports: { etcd, etcdPeer, api, kwok },
    kubeconfig: join(dataDir, 'kubeconfig'),
    featureGates: options.featureGates,
    listen: options.listen ?? '127.0.0.1',
    controllers: options.controllers,
  };
  const supervisor = supervise(options.name, context);
  try {
    const access = await startApi(options.name, context, supervisor);
    const parts = options.parts ?? partNames;
    for (const part of partNames) if (parts.includes(part) && !supervisor.running().has(part)) await supervisor.start(part);
    if (parts.includes('kube-controller-manager')) {
      // Pods of a namespace are refused until its service account exists.
      const account = '/api/v1/namespaces/default/serviceaccounts/default';
      await supervisor.until('default service account', async () => (await access.call('GET', account)).status === 200);
    }
    const member = memberOf(options.name, context, supervisor, access);
    await member.addNodes(options.nodes ?? []);
    return { ...member, readyMs: Date.now() - startedMs };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
};

/** How the API is reached once it is ready. */
type Access = { readonly server: string; readonly ca: string; readonly call: ApiCall; readonly close: () => Promise<void> };

const startApi = async (name: string, context: PartContext, supervisor: Supervisor): Promise<Access> => {
  const server = `https://127.0.0.1:${context.ports.api}`;
  const { token } = context.credentials;
  await supervisor.start('etcd');
  await supervisor.start('kube-apiserver');
  let ca = '';
  await supervisor.until('serving certificate', async () => {
    ca = await readFile(servingCertificate(context.dataDir), 'utf8').catch(() => '');
    return ca.includes('END CERTIFICATE');
  });
  await writeKubeconfig(context.kubeconfig, { name, server, ca, token });
  const access = { server, ca, ...apiClient(server, ca, token) };
  try {
    await supervisor.until('API ready', () => isApiReady(access.call));
    return access;
  } catch (error) {
    await access.close();
    throw error;
  }
};

const isApiReady = async (call: ApiCall): Promise<boolean> => (await call('GET', '/readyz', { timeoutMs: 2_000 })).status === 200;

const memberOf = (
  name: string,
  context: PartContext,
  supervisor: Supervisor,
  { server, ca, call, close }: Access,
): Omit<Member, 'readyMs'> => {
  const signalAll = (parts: readonly PartName[] | undefined, signal: NodeJS.Signals): void => {
    for (const child of supervisor.running(parts).values()) child.signal(signal);
  };
  return {
    name,
    dataDir: context.dataDir,
    server,
    kubeconfig: context.kubeconfig,
    token: context.credentials.token,
    ca,
    call,
    pids: () => new Map([...supervisor.running()].map(([part, child]) => [part, child.pid])),
    addNodes: async (nodes) => {
      await applyNodes(call, nodes);
      for (const node of nodes) {
        await supervisor.until(`node ${node.name} Ready`, async () => isNodeReady((await call('GET', `/api/v1/nodes/${node.name}`)).body));
      }
    },
    stopApiServer: () => supervisor.stop(['kube-apiserver'], drainMs),
    startApiServer: async () => {
      await supervisor.start('kube-apiserver');
      await supervisor.until('API ready', () => isApiReady(call));
    },
    pause: (parts) => signalAll(parts, 'SIGSTOP'),
    resume: (parts) => signalAll(parts, 'SIGCONT'),
    kill: (parts) => supervisor.stop(parts, 0),
    stop: async () => {
      await close();
      await supervisor.stop();
    },
  };
};
