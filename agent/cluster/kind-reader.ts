/**
 * @module Documents of the kinds that a member serves beside Kubernetes' own: from its CRDs where the agent may read them, else from
 * discovery and OpenAPI. Only hashes are kept; a document is made again when the hub wants it.
 */
import type { CheckedKind } from '../../shared/kube/custom/check.ts';
import type { DiscoveredKind } from '../../shared/kube/custom/document.ts';
import { type KindDocument, kindDocumentBytesMax } from '../../shared/kube/custom/document.ts';
import { documentOfCrd } from '../../shared/kube/custom/from-crd.ts';
import { documentOfOpenApi } from '../../shared/kube/custom/from-openapi.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { sortedJson } from '../../shared/kube/schema/json.ts';
import type { Log } from '../../shared/lib/index.ts';
import { sha256 } from '../../shared/node/sha256.ts';
import { failureOf } from './api-error.ts';
import { openApiHashes } from './discovery.ts';
import type { MemberApi } from './http-client.ts';

/** Reads the kinds of one member. */
export type KindReader = {
  /** The document's hash of each kind by `group/version/resource`; a kind that cannot be read keeps its last one, or has none. */
  readonly hashes: (kinds: readonly DiscoveredKind[]) => Promise<ReadonlyMap<string, string>>;
  /** The document of a hash; undefined when the kind is gone or is another one by now. */
  readonly document: (hash: string) => Promise<KindDocument | undefined>;
};

/** Kinds a member may add; what comes after, by name, is not told. */
const KINDS_MAX = 1_000;
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const CRDS_A_PAGE = 250;
const PAGES_MAX = 40;
const AS_METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** What is known of a kind: which state of it was read, and the hash then; no hash = it cannot be told. */
type Known = { readonly kind: DiscoveredKind; readonly stamp: string; readonly hash: string | undefined };

/** `group/version/resource`. */
export const kindKey = ({ group, version, resource }: Pick<DiscoveredKind, 'group' | 'version' | 'resource'>): string =>
  `${group}/${version}/${resource}`;

/** A reader that knows nothing yet. */
export const createKindReader = (api: Pick<MemberApi, 'raw'>, log: Pick<Log, 'warn'>): KindReader => {
  let known: ReadonlyMap<string, Known> = new Map();

  const read = async (kind: DiscoveredKind, source: Source): Promise<string | undefined> => {
    const told = fitting((options) =>
      source.from === 'crd'
        ? documentOfCrd(source.value as KubeObject, kind.version, options)
        : documentOfOpenApi(kind, source.value, options),
    );
    if (told.ok) return sha256(told.text);
    log.warn('a kind of this cluster cannot be told to the hub', { kind: kindKey(kind), why: told.message });
    return undefined;
  };

  return {
    hashes: async (kinds) => {
      const told = kinds.toSorted((a, b) => (kindKey(a) < kindKey(b) ? -1 : 1)).slice(0, KINDS_MAX);
      if (told.length === 0) return new Map();
      const stamps = await stampsOf(api, told);
      const sources = sourceCache(api, stamps);
      const next = new Map<string, Known>();
      for (const kind of told) {
        const key = kindKey(kind);
        const stamp = `${stamps.of(kind)}\n${JSON.stringify(kind)}`;
        const before = known.get(key);
        if (before?.stamp === stamp) {
          next.set(key, before);
          continue;
        }
        try {
          next.set(key, { kind, stamp, hash: await read(kind, await sources(kind)) });
        } catch (error) {
          log.warn('a kind of this cluster could not be read and will be tried again', { kind: key, why: failureOf(error).message });
          if (before !== undefined) next.set(key, { ...before, stamp: '' });
        }
      }
      known = next;
      return new Map([...next].flatMap(([key, { hash }]) => (hash === undefined ? [] : [[key, hash] as const])));
    },
    document: async (hash) => {
      const found = [...known.values()].find((one) => one.hash === hash);
      if (found === undefined) return undefined;
      const { kind } = found;
      const source = await sourceCache(api, await stampsOf(api, [kind]))(kind);
      const told = fitting((options) =>
        source.from === 'crd'
          ? documentOfCrd(source.value as KubeObject, kind.version, options)
          : documentOfOpenApi(kind, source.value, options),
      );
      return told.ok && sha256(told.text) === hash ? told.document : undefined;
    },
  };
};

type Told =
  | { readonly ok: true; readonly document: KindDocument; readonly text: string }
  | { readonly ok: false; readonly message: string };

/** The document as large as may be: whole, else without descriptions, else without its schema. */
const fitting = (make: (options: { readonly descriptions: boolean }) => CheckedKind): Told => {
  let last: Told = { ok: false, message: '' };
  for (const descriptions of [true, false]) {
    const made = make({ descriptions });
    if (!made.ok) return made;
    const text = sortedJson(made.document);
    if (Buffer.byteLength(text) <= kindDocumentBytesMax) return { ok: true, document: made.document, text };
    const { schema: _, ...document } = made.document;
    last = { ok: true, document, text: sortedJson(document) };
  }
  return last;
};

type Stamps = { readonly of: (kind: DiscoveredKind) => string; readonly isCrd: (kind: DiscoveredKind) => boolean };

const crdName = ({ group, resource }: DiscoveredKind): string => `${resource}.${group}`;

/** A text a kind that changes when its definition does: of its CRD, or of the OpenAPI of its group and version. */
const stampsOf = async (api: Pick<MemberApi, 'raw'>, kinds: readonly DiscoveredKind[]): Promise<Stamps> => {
  const crds = await crdStamps(api).catch(() => new Map<string, string>());
  const isCrd = (kind: DiscoveredKind): boolean => crds.has(crdName(kind));
  const openApi = kinds.every(isCrd) ? new Map<string, string>() : await openApiHashes(api).catch(() => new Map<string, string>());
  return { isCrd, of: (kind) => crds.get(crdName(kind)) ?? `openapi ${openApi.get(`apis/${kind.group}/${kind.version}`) ?? ''}` };
};

/** Generation of each CRD, read as metadata alone; rejects where the agent may not read them. */
const crdStamps = async (api: Pick<MemberApi, 'raw'>): Promise<Map<string, string>> => {
  const stamps = new Map<string, string>();
  let next = '';
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = `?limit=${CRDS_A_PAGE}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const list = (await api.raw(`${CRDS}${query}`, AS_METADATA)) as {
      metadata?: { continue?: string };
      items?: readonly { metadata?: { name?: string; uid?: string; generation?: number } }[];
    };
    for (const { metadata = {} } of list.items ?? []) stamps.set(metadata.name ?? '', `crd ${metadata.uid} ${metadata.generation}`);
    next = list.metadata?.continue ?? '';
    if (next === '') break;
  }
  return stamps;
};

type Source = { readonly from: 'crd' | 'openapi'; readonly value: unknown };

/** The newest CRD or OpenAPI document stays at hand: kinds come in order of group and version. */
const sourceCache = (api: Pick<MemberApi, 'raw'>, stamps: Stamps): ((kind: DiscoveredKind) => Promise<Source>) => {
  let last: { readonly path: string; readonly source: Source } | undefined;
  return async (kind) => {
    const from = stamps.isCrd(kind) ? 'crd' : 'openapi';
    const path = from === 'crd' ? `${CRDS}/${crdName(kind)}` : `/openapi/v3/apis/${kind.group}/${kind.version}`;
    if (last?.path !== path) last = { path, source: { from, value: await api.raw(path) } };
    return last.source;
  };
};
