/** @module Takes what agents say of their kinds, when it is true and was asked for; and sees Clusters and last objects go, which end kinds. */
import { hanseGroup } from '../../../shared/api/index.ts';
import { parseApiVersion } from '../../../shared/kube/object.ts';
import { sortedJson } from '../../../shared/kube/schema/index.ts';
import { partsOf, prefixOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { sha256 } from '../../../shared/node/sha256.ts';
import type { Hello, KindMessage } from '../../../shared/wire/index.ts';
import type { KindBus } from '../../fleet/port.ts';
import type { DocumentAsker } from './document-asker.ts';
import type { DocumentBook } from './document-book.ts';
import type { ClusterKind } from './merge.ts';
import type { KindSaver } from './saver.ts';
import type { ServedKindsOfMembers } from './served.ts';

/** Who is listened to, and what is to know of it. */
export type KindListening = {
  readonly bus: KindBus;
  readonly store: Store;
  readonly clusters: ReadonlyMap<string, readonly ClusterKind[]>;
  readonly documents: DocumentBook;
  readonly asker: DocumentAsker;
  readonly saver: Pick<KindSaver, 'document'>;
  readonly served: Pick<ServedKindsOfMembers, 'has'>;
  /** There is a Cluster of this name. */
  readonly exists: (cluster: string) => boolean;
  /** The cluster names these kinds from now on; none = nothing is known of it. */
  readonly setKinds: (cluster: string, kinds: readonly ClusterKind[]) => void;
  readonly mergeSoon: () => void;
};

const clusterPrefix = prefixOf(hanseGroup, 'clusters');

/** Listens; the answer ends it. */
export const listenToKinds = (listening: KindListening): (() => void) => {
  const { bus, store } = listening;
  const stops = [
    bus.onHello(({ message }) => hearHello(listening, message)),
    bus.onKind(({ message }) => hearKind(listening, message)),
    store.watch('', store.revision(), ({ key, op }) => {
      if (op === 'delete') onDeleted(listening, key);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};

const hearHello = ({ clusters, documents, asker, exists, setKinds }: KindListening, { cluster, apis }: Hello): void => {
  if (!exists(cluster)) return;
  const said = apis.flatMap(({ groupVersion, resource, document }): ClusterKind[] =>
    document === undefined ? [] : [{ ...parseApiVersion(groupVersion), resource, hash: document }],
  );
  if (!sameJson(said, clusters.get(cluster) ?? [])) setKinds(cluster, said);
  if (said.some(({ hash }) => !documents.known.has(hash) && asker.askedOf(hash) === undefined)) asker.ask();
};

const hearKind = ({ bus, documents, asker, saver, mergeSoon }: KindListening, { cluster, hash, document }: KindMessage): void => {
  if (documents.known.has(hash)) return;
  const refuse = (reason: string, message: string): void => bus.refuse({ cluster, subject: 'kind', reason, message });
  if (asker.askedOf(hash) !== cluster) {
    refuse('KindUnwanted', `nobody asked this cluster for the kind document ${hash}`);
    return;
  }
  const text = sortedJson(document);
  if (sha256(text) !== hash) {
    refuse('KindHash', `the kind document is not the one of its hash ${hash}`);
    return;
  }
  const known = documents.learn(hash, text, document);
  if (known.ok) saver.document(hash);
  else refuse('KindRefused', `a kind cannot be served: ${known.message}`);
  mergeSoon();
  asker.answered(hash);
};

const onDeleted = ({ clusters, served, setKinds, mergeSoon }: KindListening, key: StorageKey): void => {
  const { group, resource, name } = partsOf(key);
  // The last object of a kind that is only kept for it takes the kind along.
  if (!key.startsWith(clusterPrefix) && served.has(group, resource)) mergeSoon();
  if (key.startsWith(clusterPrefix) && clusters.has(name)) setKinds(name, []);
};
