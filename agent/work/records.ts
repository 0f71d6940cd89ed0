/**
 * @module The agent's memory in the member cluster: each work item in a Secret of its own, so that a restart with hub and broker both down
 * finds what should run here. Secrets, because an item may hold one: the cluster's encryption at rest and RBAC for Secrets cover it.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { isStatus } from '../../shared/kube/status-error.ts';
import { sha256 } from '../../shared/node/sha256.ts';
import { bytesMax, decodeMessage, type MessageOf, type StatusItem, type WorkItem } from '../../shared/wire/index.ts';
import { FIELD_MANAGER, SYSTEM_NAMESPACE } from './marks.ts';

/** Type of the Secrets. */
export const RECORD_TYPE = 'hanse.dev/work';
/** Label of the Secrets; its value is their {@link RecordKind}. */
export const RECORD_LABEL = 'hanse.dev/record';
const PAGE = 200;
const FIRST = 20;
const secrets = { group: '', version: 'v1', resource: 'secrets' } as const;
const namespaces = { group: '', version: 'v1', resource: 'namespaces' } as const;

/** Keeps, drops and loads records; all reject as the client does. */
export type Records = {
  /** `end`: what was told of the item's Job when it was over. */
  readonly keep: (item: WorkItem, end?: StatusItem) => Promise<void>;
  readonly drop: (id: string) => Promise<void>;
  /** All of them. */
  readonly load: () => Promise<Kept>;
  /** The first few, to see whose they are. */
  readonly first: () => Promise<Kept>;
};

/** What was kept: items of this cluster, the ends of their Jobs, Secrets that cannot be read, and other clusters whose agents kept theirs here. */
export type Kept = {
  readonly items: readonly WorkItem[];
  readonly ends: readonly StatusItem[];
  readonly broken: readonly string[];
  readonly owners: readonly string[];
};

/** What is kept: work of workloads, and records of traffic. */
export type RecordKind = 'work' | 'traffic';

/** Records of one cluster's work of a kind. The namespace is made when it is missing. */
export const createRecords = (client: KubeClient, cluster: string, kind: RecordKind = 'work'): Records => ({
  keep: async (item, end) => {
    const secret = secretOf(item, end, kind);
    const address = { ...secrets, namespace: SYSTEM_NAMESPACE, name: secret.metadata.name };
    const apply = () => client.patch(address, 'application/apply-patch+yaml', secret, { fieldManager: FIELD_MANAGER, force: true });
    try {
      await apply();
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
      await ensureNamespace(client, SYSTEM_NAMESPACE);
      await apply();
    }
  },
  drop: async (id) => {
    try {
      await client.delete({ ...secrets, namespace: SYSTEM_NAMESPACE, name: recordName(id, kind) });
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
  },
  load: () => read(client, cluster, kind, PAGE, Number.POSITIVE_INFINITY),
  first: () => read(client, cluster, kind, FIRST, 1),
});

const read = async (client: KubeClient, cluster: string, kind: RecordKind, pageSize: number, pagesMax: number): Promise<Kept> => {
  const items: WorkItem[] = [];
  const ends: StatusItem[] = [];
  const broken: string[] = [];
  const owners = new Set<string>();
  let next: string | undefined;
  let pages = 0;
  do {
    const page = await client.list(
      { ...secrets, namespace: SYSTEM_NAMESPACE, labelSelector: `${RECORD_LABEL}=${kind}` },
      { limit: pageSize, ...(next === undefined ? {} : { continue: next }) },
    );
    for (const secret of page.items) {
      const item = keptIn(secret, 'work', 'item');
      const end = keptIn(secret, 'status', 'end');
      if (item === undefined) broken.push(secret.metadata.name);
      else if (item.cluster !== cluster) owners.add(item.cluster);
      else {
        items.push(item);
        if (end !== undefined) ends.push(end);
      }
    }
    next = page.continue;
    pages++;
  } while (next !== undefined && pages < pagesMax);
  return { items, ends, broken, owners: [...owners].sort() };
};

/** Makes a namespace unless it is there. */
export const ensureNamespace = async (client: KubeClient, name: string): Promise<void> => {
  try {
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { fieldManager: FIELD_MANAGER });
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists')) throw error;
  }
};

/** A Secret's name must be a DNS subdomain, an id need not. */
const recordName = (id: string, kind: RecordKind): string => `${kind}-${sha256(id).slice(0, 40)}`;

const packed = (message: WorkItem | StatusItem): string => gzipSync(JSON.stringify(message)).toString('base64');

const secretOf = (item: WorkItem, end: StatusItem | undefined, kind: RecordKind): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: recordName(item.id, kind), namespace: SYSTEM_NAMESPACE, labels: { [RECORD_LABEL]: kind } },
  type: RECORD_TYPE,
  data: { item: packed(item), ...(end === undefined ? {} : { end: packed(end) }) },
});

/** A message that a Secret holds under this key; undefined when it holds none, or one that cannot be read. */
const keptIn = <K extends 'work' | 'status'>(secret: KubeObject, kind: K, key: 'item' | 'end'): MessageOf[K] | undefined => {
  const text = (secret.data as Readonly<Record<string, unknown>> | undefined)?.[key];
  if (secret.type !== RECORD_TYPE || typeof text !== 'string') return undefined;
  try {
    const bytes = gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: bytesMax[kind] });
    const decoded = decodeMessage(kind, bytes);
    return decoded.ok ? decoded.value : undefined;
  } catch {
    return undefined;
  }
};
