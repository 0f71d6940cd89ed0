/** @module Finds the DCGM exporters of the cluster and reads them: figures of GPUs for people, on which nothing is decided. */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { bagOf, bagsOf, textOf } from '../../shared/lib/fields.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { ApiError, type ApiFailure } from '../cluster/index.ts';
import { createDcgmFigures } from './dcgm-figures.ts';
import { dcgmSamples } from './dcgm-text.ts';
import { wholeOf } from './fields.ts';
import { type Rounds, startRounds } from './rounds.ts';
import type { InventoryState } from './state.ts';
import { untoldLines } from './untold.ts';

/** A pod that exports figures. */
export type Exporter = {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly ip: string;
  readonly port: number;
};

/** What the reader is given. */
export type DcgmOptions = {
  readonly env: Pick<RuntimeEnv, 'monotonicMs' | 'setTimer'>;
  readonly state: InventoryState;
  readonly client: Pick<KubeClient, 'list'>;
  /** The text of an exporter's `/metrics`. */
  readonly metrics: (exporter: Exporter) => Promise<string>;
  readonly onChange: () => void;
};

const READ_EVERY_MS = 30_000;
/** How often a cluster without exporters is looked at again. */
const LOOK_EVERY_MS = 300_000;
const EXPORTERS_MAX = 10_000;
const PORT_DEFAULT = 9_400;

const names = '(dcgm-exporter,nvidia-dcgm-exporter)';
/** As the exporter's own chart labels its pods, and as the GPU Operator does. */
const selectors = [`app.kubernetes.io/name in ${names}`, `app in ${names}`];

const exporterOf = ({ metadata, spec, status }: KubeObject): Exporter | undefined => {
  const { nodeName, containers } = bagOf(spec);
  const ip = textOf(bagOf(status).podIP);
  const node = textOf(nodeName);
  if (ip === '' || node === '' || metadata.deletionTimestamp !== undefined) return undefined;
  const ports = bagsOf(containers).flatMap((container) => bagsOf(container.ports));
  const port = wholeOf(ports.find(({ name }) => name === 'metrics')?.containerPort) ?? PORT_DEFAULT;
  return { namespace: metadata.namespace ?? '', name: metadata.name, node, ip, port };
};

/** One exporter a node, so that no GPU is counted twice. */
const exportersOf = async (client: Pick<KubeClient, 'list'>): Promise<readonly Exporter[]> => {
  const byNode = new Map<string, Exporter>();
  for (const labelSelector of selectors) {
    const pods = { group: '', version: 'v1', resource: 'pods', labelSelector, fieldSelector: 'status.phase=Running' };
    // As the API server's cache has them: a read of all pods from its store would be dear.
    const { items } = await client.list(pods, { resourceVersion: '0' });
    for (const exporter of items.flatMap((pod) => exporterOf(pod) ?? [])) {
      if (!byNode.has(exporter.node) && byNode.size < EXPORTERS_MAX) byNode.set(exporter.node, exporter);
    }
  }
  return [...byNode.values()];
};

const mendOf = ({ status }: ApiFailure): string | undefined =>
  status === 403 ? "grant get on pods/proxy to the agent's identity, or run the agent in the cluster" : undefined;

/** Starts. */
export const startDcgm = ({ env, state, client, metrics, onChange }: DcgmOptions): Rounds => {
  let found: readonly Exporter[] = [];
  let heard = createDcgmFigures();
  return startRounds<Exporter>({
    env,
    list: async () => {
      heard = createDcgmFigures();
      found = await exportersOf(client);
      return found;
    },
    keyOf: ({ node }) => node,
    ask: async (exporter) => {
      const text = await metrics(exporter);
      const samples = dcgmSamples(text);
      if (samples.length === 0 && text.trim() !== '') throw new ApiError('Nonsense', `${exporter.name} tells no figure of a GPU`);
      heard.add(samples);
    },
    onEnd: (failures, unlisted) => {
      state.gpuUse = heard.figures();
      // Who may not list pods is told so by the source of pods.
      state.untold.set('dcgm', unlisted === undefined ? untoldLines('GPU figures of', failures, mendOf) : []);
      onChange();
    },
    periodMs: () => (found.length === 0 ? LOOK_EVERY_MS : READ_EVERY_MS),
  });
};
