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

/** A Secret as it was last seen: only this one is written over. */
type Seen = { readonly uid: string; readonly resourceVersion: string; readonly seq: number };

/** Looks again at a record that is not as it was last seen; each needs another writer, or a late call of our own. */
const LOOKS_MAX = 3;

/**
 * Records of one cluster's work of a kind. The namespace is made when it is missing. Each write names the state that it follows, as a call may
 * reach the server long after its agent died or gave it up: it would put an older record over a newer one, or take the newer one away.
 */
export const createRecords = (client: KubeClient, cluster: string, kind: RecordKind = 'work'): Records => {
  const seen = new Map<string, Seen>();
  const addressOf = (name: string) => ({ ...secrets, namespace: SYSTEM_NAMESPACE, name });
  const note = (secret: KubeObject): Seen => {
    const { name, uid = '', resourceVersion = '' } = secret.metadata;
    const item = keptIn(secret, 'work', 'item');
    const one = { uid, resourceVersion, seq: item?.cluster === cluster ? item.seq : 0 };
    seen.set(name, one);
    return one;
  };
  const look = async (name: string): Promise<Seen | undefined> => {
    const secret = await client.get(addressOf(name));
    if (secret !== undefined) return note(secret);
    seen.delete(name);
    return undefined;
  };
  const create = async (secret: KubeObject): Promise<Seen> => {
    const make = () => client.create(secrets, secret, { fieldManager: FIELD_MANAGER });
    try {
      return note(await make());
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
      await ensureNamespace(client, SYSTEM_NAMESPACE);
      return note(await make());
    }
  };
  const write = async (item: WorkItem, end: StatusItem | undefined): Promise<void> => {
    const secret = secretOf(item, end, kind);
    const { name } = secret.metadata;
    let known = seen.get(name);
    if (known === undefined) {
      // Without the end: what a creation sets, a later apply that lacks it would leave there.
      known = await create(secretOf(item, undefined, kind));
      if (end === undefined) return;
    }
    const { uid, resourceVersion } = known;
    const body = { ...secret, metadata: { ...secret.metadata, uid, resourceVersion } };
    note(await client.patch(addressOf(name), 'application/apply-patch+yaml', body, { fieldManager: FIELD_MANAGER, force: true }));
  };
  /** Tries again when the record is not as it was seen, unless it is newer than `seq` now. */
  const unlessNewer = async (name: string, seq: number, attempt: () => Promise<void>): Promise<void> => {
    for (let looks = 0; ; looks++) {
      try {
        return await attempt();
      } catch (error) {
        const isOther = isStatus(error, 'Conflict') || isStatus(error, 'AlreadyExists');
        if (!isOther || looks === LOOKS_MAX) throw error;
        if (((await look(name))?.seq ?? 0) > seq) return;
      }
    }
  };
  const remove = async (name: string): Promise<void> => {
    const known = seen.get(name) ?? (await look(name));
    if (known === undefined) return;
    const { uid, resourceVersion } = known;
    try {
      await client.delete(addressOf(name), { preconditions: { uid, resourceVersion } });
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
    // Another may have been made while this one went.
    if (seen.get(name)?.uid === uid) seen.delete(name);
  };
  const readAll = async (pageSize: number, pagesMax: number): Promise<Kept> => read(client, cluster, kind, pageSize, pagesMax, note);
  return {
    keep: (item, end) => unlessNewer(recordName(item.id, kind), item.seq, () => write(item, end)),
    drop: (id) => {
      const name = recordName(id, kind);
      return unlessNewer(name, seen.get(name)?.seq ?? Number.POSITIVE_INFINITY, () => remove(name));
    },
    load: () => readAll(PAGE, Number.POSITIVE_INFINITY),
    first: () => readAll(FIRST, 1),
  };
};

const read = async (
  client: KubeClient,
  cluster: string,
  kind: RecordKind,
  pageSize: number,
  pagesMax: number,
  note: (secret: KubeObject) => void,
): Promise<Kept> => {
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
      note(secret);
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
