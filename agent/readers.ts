/** @module How the agent reaches kubelets and exporters of GPU figures: through the API server, or in the cluster's own network. */
import { type ProxyApi, plainText } from './cluster/index.ts';
import type { Exporter, InventoryOptions } from './inventory/index.ts';

/** What may be read, and from where. */
export type ReaderOptions = {
  /** The operator lets the agent read the kubelets' configurations. */
  readonly kubelets: boolean;
  /** The agent runs in the member: pods are reached by their addresses. */
  readonly inCluster: boolean;
};

/** One that does not answer holds up another for so long at most. */
const timeoutMs = 5_000;
/** A kubelet's configuration has some 10 KB, the figures of a node with 16 GPUs some 200 KB. */
const configz = { timeoutMs, bytesMax: 1 << 20 };
const metrics = { timeoutMs, bytesMax: 4 << 20 };

const segment = encodeURIComponent;

const podUrl = ({ ip, port }: Exporter): string => `http://${ip.includes(':') ? `[${ip}]` : ip}:${port}/metrics`;
const podPath = ({ namespace, name, port }: Exporter): string =>
  `/api/v1/namespaces/${segment(namespace)}/pods/${segment(`${name}:${port}`)}/proxy/metrics`;

/** The readers. */
export const readersOf = (api: ProxyApi, { kubelets, inCluster }: ReaderOptions): Pick<InventoryOptions, 'configz' | 'metrics'> => ({
  ...(kubelets ? { configz: (node: string) => api.proxied(`/api/v1/nodes/${segment(node)}/proxy/configz`, configz) } : {}),
  metrics: (exporter) => (inCluster ? plainText(podUrl(exporter), metrics) : api.proxied(podPath(exporter), metrics)),
});
