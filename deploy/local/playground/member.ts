/** @module One playground member: a Kubernetes API of its own over HTTPS, kept on disk, with the controllers that bring it to life. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Access, createAccess } from '../../../hub/api/access.ts';
import { bootstrapRoles } from '../../../hub/api/authorization/index.ts';
import { type Authority, openAuthority } from '../../../hub/api/certificates.ts';
import { kubeconfigText } from '../../../hub/api/kubeconfig.ts';
import { type Served, serve } from '../../../hub/api/serve.ts';
import { openSqliteJournal, startRetention } from '../../../hub/store/index.ts';
import { sayingWhatIsStoredOnly } from '../../../shared/api/index.ts';
import discovery from '../../../shared/kube/builtin/data/discovery.json' with { type: 'json' };
import { builtinDefaults, builtinSchemas, builtinTypes, decodeBuiltinProtobuf } from '../../../shared/kube/builtin/index.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import { createSchemaSet } from '../../../shared/kube/schema/index.ts';
import { type ApiServer, createApiServer, createRegistry, serviceAddresses } from '../../../shared/kube/server/index.ts';
import { createStore, keyOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { makeDataDir, withDataDirFault } from '../../../shared/node/index.ts';
import { admitted } from './admission.ts';
import { type CloudCluster, nodesOf, topologyOf } from './clouds.ts';
import { resources } from './controller.ts';
import { playgroundControllers } from './controllers/index.ts';
import { startControllers } from './runtime.ts';
import { topologySchemas, topologyType } from './topology-kind.ts';
import { trafficSchemas, trafficTypes } from './traffic-kinds.ts';

/** What {@link startMember} takes. */
export type MemberOptions = {
  readonly cluster: CloudCluster;
  /** The member's own folder: journal, certificates, tokens, kubeconfig. */
  readonly dataDir: string;
  /** Address that its API listens on. Default: loopback. */
  readonly listen?: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly env: RuntimeEnv;
  /** Only the API: no nodes, nothing is scheduled or run, as a kube-apiserver without its controllers. */
  readonly apiOnly?: boolean;
};

/** A running member. */
export type PlaygroundMember = {
  readonly name: string;
  readonly url: string;
  readonly kubeconfig: string;
  readonly client: KubeClient;
  /** Goes away as a cluster does that loses power: connections break, nothing is said to anybody. */
  readonly stop: () => Promise<void>;
};

const version = {
  major: discovery.version.major,
  minor: discovery.version.minor,
  gitVersion: `${discovery.version.gitVersion}+playground`,
  gitCommit: '',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

/** One for all members of the process: compiled nodes are the same for each. */
const schemas = createSchemaSet(...builtinSchemas, { schemas: { ...topologySchemas, ...trafficSchemas } });

const createServer = (store: Store, access: Access, env: RuntimeEnv, caPem: string): ApiServer => {
  return createApiServer({
    store,
    registry: createRegistry([
      ...sayingWhatIsStoredOnly(builtinTypes(serviceAddresses(store, env)), 'playground'),
      topologyType,
      ...trafficTypes,
    ]),
    schemas: () => schemas,
    env,
    version,
    authenticate: access.authenticate,
    authorize: access.authorize,
    admit: (request) => {
      access.checkGrants(request);
      return admitted(request, store);
    },
    virtual: access.reviews,
    decodeProtobuf: decodeBuiltinProtobuf,
    defaultFunctions: builtinDefaults,
    namespaceCa: caPem,
  });
};

/** Makes the cluster's nodes at its first start; later starts keep what is there. */
const seed = async (client: KubeClient, store: Store, cluster: CloudCluster): Promise<void> => {
  for (const { node, machine } of nodesOf(cluster)) {
    if (store.get(keyOf('', 'nodes', '', node.metadata.name)) !== undefined) continue;
    const made = await client.create(resources.nodes, node, { fieldManager: 'playground' });
    await client.update(resources.nodes, { ...made, status: node.status }, { fieldManager: 'playground', subresource: 'status' });
    if (machine.gpu !== undefined) await client.create(resources.topologies, topologyOf(node, machine), { fieldManager: 'playground' });
  }
};

const serveMember = async (api: ApiServer, authority: Authority, options: MemberOptions): Promise<Served> => {
  const { cluster, listen = '127.0.0.1', port, env } = options;
  const subject = { commonName: cluster.name, dnsNames: ['localhost'], ipAddresses: [...new Set(['127.0.0.1', listen])] };
  const certificate = await authority.issue('server', 'server', subject);
  return serve({
    fetch: api.app.fetch,
    certificatePem: certificate.certificatePem,
    privateKeyPem: certificate.privateKeyPem,
    clientCaPem: [authority.certificatePem],
    hostname: listen,
    port,
    log: env.log,
  });
};

const writeKubeconfig = async (file: string, name: string, url: string, authority: Authority): Promise<void> => {
  const client = await authority.issue('admin', 'client', { commonName: 'admin', organizations: ['system:masters'] });
  await writeFile(file, kubeconfigText({ name, serverUrl: url, caPem: authority.certificatePem, client }), { mode: 0o600 });
  await chmod(file, 0o600);
};

/** Where the member of this name keeps everything, below a data directory. */
export const memberFolder = (dataDir: string, name: string): string => join(dataDir, 'members', name);

/** Undoes the steps, last first. */
const unwind = async (steps: (() => unknown)[]): Promise<void> => {
  for (const step of steps.splice(0).reverse()) await step();
};

const startParts = async (options: MemberOptions, undo: (() => unknown)[]): Promise<Omit<PlaygroundMember, 'stop'>> => {
  const { cluster, dataDir } = options;
  const env = { ...options.env, log: options.env.log.child({ member: cluster.name }) };
  await makeDataDir(dataDir);
  const authority = await openAuthority({ directory: join(dataDir, 'pki'), commonName: `${cluster.name}-ca`, nowMs: env.nowMs });
  const journal = openSqliteJournal({ directory: dataDir, name: 'journal', nowMs: env.nowMs, uuid: env.uuid, log: env.log });
  undo.push(() => journal.close());
  const store = await createStore(journal, { env });
  undo.push(() => store.close());
  const access = createAccess({ store, dataDir, roles: bootstrapRoles, env });
  undo.push(() => access.close());
  const api = createServer(store, access, env, authority.certificatePem);
  undo.push(() => api.close());
  await api.start();
  await access.start(api.client);
  if (options.apiOnly !== true) await seed(api.client, store, cluster);
  undo.push(startRetention(journal, env));
  const controllers = options.apiOnly === true ? [] : playgroundControllers;
  undo.push(startControllers({ controllers, store, client: api.client, env }));
  const served = await serveMember(api, authority, { ...options, env });
  undo.push(() => served.close(0));
  const kubeconfig = join(dataDir, 'kubeconfig');
  await writeKubeconfig(kubeconfig, cluster.name, served.url, authority);
  return { name: cluster.name, url: served.url, kubeconfig, client: api.client };
};

/** Starts one. @throws Error when its port is taken, or its folder is in use or full; the message says which. Nothing of it runs then. */
export const startMember = async (options: MemberOptions): Promise<PlaygroundMember> => {
  const undo: (() => unknown)[] = [];
  try {
    return { ...(await startParts(options, undo)), stop: () => unwind(undo) };
  } catch (error) {
    await unwind(undo);
    throw withDataDirFault(options.dataDir, error);
  }
};
