/** @module The command lines of a member's five processes, tuned for tests: loopback, few workers, no fsync, no leader election. */
import { join } from 'node:path';
import type { Credentials } from './credentials.ts';
import type { Testbed } from './tools.ts';

/** The processes of a member, in the order they start. */
export const partNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;

/** One of them. */
export type PartName = (typeof partNames)[number];

/** What the command lines are made from. */
export type PartContext = {
  readonly testbed: Testbed;
  readonly dataDir: string;
  readonly credentials: Credentials;
  readonly ports: { readonly etcd: number; readonly etcdPeer: number; readonly api: number; readonly kwok: number };
  readonly kubeconfig: string;
  readonly featureGates: string | undefined;
  /** Address that the API server listens on. */
  readonly listen: string;
  readonly controllers: readonly string[] | undefined;
};

/** Where the API server keeps the certificate it makes for itself; the file ends with its CA. */
export const servingCertificate = (dataDir: string): string => join(dataDir, 'certs', 'apiserver.crt');

const etcd = ({ testbed, dataDir, ports }: PartContext): readonly string[] => {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    testbed.tools.etcd,
    '--name=default',
    `--data-dir=${join(dataDir, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // A test's data need not survive a power cut; a fsync a write costs most of the start.
    '--unsafe-no-fsync',
    '--snapshot-count=10000',
    '--auto-compaction-retention=5m',
    '--log-level=warn',
  ];
};

const apiserver = ({ testbed, dataDir, credentials, ports, featureGates, listen }: PartContext): readonly string[] => [
  testbed.tools.kubeApiserver,
  `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
  `--bind-address=${listen}`,
  '--advertise-address=127.0.0.1',
  `--secure-port=${ports.api}`,
  `--cert-dir=${join(dataDir, 'certs')}`,
  `--token-auth-file=${credentials.tokenFile}`,
  '--authorization-mode=RBAC',
  '--allow-privileged=true',
  '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
  `--service-account-key-file=${credentials.serviceAccountKey}`,
  `--service-account-signing-key-file=${credentials.serviceAccountKey}`,
  '--service-cluster-ip-range=10.96.0.0/16',
  // The reconciler would refuse a loopback address for the "kubernetes" endpoints.
  '--endpoint-reconciler-type=none',
  '--shutdown-delay-duration=0s',
  '--profiling=false',
  '--event-ttl=10m',
  ...(featureGates ? [`--feature-gates=${featureGates}`] : []),
];

// What has no counterpart here: clouds, kubelet certificates, bootstrap tokens, routes.
const controllersOff = [
  'cloud-node-lifecycle-controller',
  'node-route-controller',
  'service-lb-controller',
  'node-ipam-controller',
  'ttl-controller',
  'bootstrap-signer-controller',
  'token-cleaner-controller',
  'certificatesigningrequest-signing-controller',
  'certificatesigningrequest-approving-controller',
  'certificatesigningrequest-cleaner-controller',
  'persistentvolume-attach-detach-controller',
  'persistentvolume-expander-controller',
];

/**
 * The controllers an API needs so that deletion, namespaces and pod creation work, and nothing that acts on workloads:
 * what recorded API exchanges and comparisons with another API server want beside kube-apiserver.
 */
export const apiControllers: readonly string[] = ['garbage-collector-controller', 'namespace-controller', 'serviceaccount-controller'];

const controllerManager = ({ testbed, dataDir, credentials, kubeconfig, controllers }: PartContext): readonly string[] => [
  testbed.tools.kubeControllerManager,
  `--kubeconfig=${kubeconfig}`,
  '--secure-port=0',
  '--leader-elect=false',
  `--controllers=${(controllers ?? ['*', ...controllersOff.map((name) => `-${name}`)]).join(',')}`,
  `--service-account-private-key-file=${credentials.serviceAccountKey}`,
  `--root-ca-file=${servingCertificate(dataDir)}`,
  '--profiling=false',
  '--kube-api-qps=200',
  '--kube-api-burst=400',
];

const scheduler = ({ testbed, kubeconfig }: PartContext): readonly string[] => [
  testbed.tools.kubeScheduler,
  `--kubeconfig=${kubeconfig}`,
  '--secure-port=0',
  '--leader-elect=false',
  '--profiling=false',
  '--kube-api-qps=200',
  '--kube-api-burst=400',
];

const kwok = ({ testbed, kubeconfig, ports }: PartContext): readonly string[] => [
  testbed.tools.kwok,
  `--kubeconfig=${kubeconfig}`,
  '--manage-all-nodes=false',
  '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
  '--cidr=10.244.0.1/16',
  '--node-ip=127.0.0.1',
  '--node-lease-duration-seconds=0',
  `--server-address=127.0.0.1:${ports.kwok}`,
  ...testbed.stageFiles.map((path) => `--config=${path}`),
];

/** Command and arguments of each part. */
export const commandLines: Readonly<Record<PartName, (context: PartContext) => readonly string[]>> = {
  etcd,
  'kube-apiserver': apiserver,
  'kube-controller-manager': controllerManager,
  'kube-scheduler': scheduler,
  kwok,
};
