/** @module The documents of kinds that the hub knows: those kept in its store, and those that are on their way there. */
import { checkKindDocument, type KindDocument } from '../../../shared/kube/custom/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Store } from '../../../shared/kube/storage/index.ts';
import { documentKey, documentObject, keptHashes, keptText } from './kept.ts';
import type { KnownDocument } from './merge.ts';

/** Documents by hash. Their schemas are large and read from the store when they are needed. */
export type DocumentBook = {
  readonly known: ReadonlyMap<string, KnownDocument>;
  /** Length of a document's text, 0 for one that is not known. */
  readonly bytesOf: (hash: string) => number;
  /** Takes a document whose text has this hash; one that cannot be served is known as that, and not kept. */
  readonly learn: (hash: string, text: string, document: unknown) => KnownDocument;
  /** The whole document; undefined when it is not known or cannot be served. */
  readonly whole: (hash: string) => KindDocument | undefined;
  /** What the store should hold of it. */
  readonly wanted: (hash: string) => KubeObject | undefined;
  /** The store holds it, and its text is not needed here any more. */
  readonly noteSaved: (hash: string) => void;
  /** Forgets all others; answers which. */
  readonly keepOnly: (used: ReadonlySet<string>) => readonly string[];
};

const withoutSchema = ({ schema: _, ...facts }: KindDocument): Omit<KindDocument, 'schema'> => facts;

/** A book of what is kept. */
export const openDocumentBook = (store: Store): DocumentBook => {
  const known = new Map<string, KnownDocument>();
  const bytes = new Map<string, number>();
  const unsaved = new Map<string, string>();
  const textOf = (hash: string): string | undefined => unsaved.get(hash) ?? keptText(store, hash);

  const read = (hash: string, text: string, document: unknown): KnownDocument => {
    const checked = checkKindDocument(document);
    const entry: KnownDocument = checked.ok ? { ok: true, facts: withoutSchema(checked.document) } : checked;
    known.set(hash, entry);
    bytes.set(hash, text.length);
    return entry;
  };
  for (const hash of keptHashes(store)) {
    const text = textOf(hash) ?? '{}';
    read(hash, text, JSON.parse(text));
  }
  return {
    known,
    bytesOf: (hash) => bytes.get(hash) ?? 0,
    learn: (hash, text, document) => {
      const entry = read(hash, text, document);
      if (entry.ok) unsaved.set(hash, text);
      return entry;
    },
    whole: (hash) => {
      const text = textOf(hash);
      const checked = text === undefined ? undefined : checkKindDocument(JSON.parse(text));
      return checked?.ok === true ? checked.document : undefined;
    },
    wanted: (hash) => {
      const text = known.get(hash)?.ok === true ? textOf(hash) : undefined;
      return text === undefined ? undefined : documentObject(hash, text);
    },
    noteSaved: (hash) => {
      if (store.get(documentKey(hash)) !== undefined) unsaved.delete(hash);
    },
    keepOnly: (used) => {
      const unused = [...known.keys()].filter((hash) => !used.has(hash));
      for (const hash of unused) {
        known.delete(hash);
        bytes.delete(hash);
        unsaved.delete(hash);
      }
      return unused;
    },
  };
};
