/** @module Objects as rows of a Table, and objects cut down to their metadata (meta/v1 Table, PartialObjectMetadata). */
import type { KubeObject } from '../object.ts';
import type { ResourceType, TableColumn } from '../resource.ts';
import { badRequest } from './errors.ts';
import type { ListMeta } from './result.ts';

/** How much of the object a row carries. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** Reads `includeObject`; throws 400. */
export const includeObjectOf = (query: URLSearchParams): IncludeObject => {
  const text = query.get('includeObject') ?? '';
  if (text === '') return 'Metadata';
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text;
  const why = `includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw badRequest(`Unable to convert to Table as requested: ${why}`);
};

const FALLBACK: readonly TableColumn[] = [
  { name: 'Name', type: 'string', format: 'name', description: 'Name must be unique within a namespace.', priority: 0 },
  { name: 'Created At', type: 'date', format: '', description: 'When the object was created.', priority: 0 },
];

/** The columns of a kind; kinds without columns show name and time. */
export const columnsOf = (type: ResourceType, foreign: boolean): readonly TableColumn[] =>
  foreign || type.columns.length === 0 ? FALLBACK : type.columns;

/** JSON of one Table. `columns` false leaves the definitions out, as later events of a watch do. */
export const tableJson = (options: {
  readonly type: ResourceType;
  readonly objects: readonly KubeObject[];
  readonly metadata: ListMeta | undefined;
  readonly version: string;
  readonly include: IncludeObject;
  readonly nowMs: number;
  readonly columns: boolean;
  readonly foreign: boolean;
}): string => {
  const { type, objects, version, include, nowMs, foreign } = options;
  const columns = options.columns ? `"columnDefinitions":${JSON.stringify(columnsOf(type, foreign))},` : '"columnDefinitions":null,';
  const rows = objects.map((object) => rowJson(type, object, version, include, nowMs, foreign));
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(options.metadata ?? {})},${columns}"rows":[${rows.join(',')}]}`;
};

const rowJson = (
  type: ResourceType,
  object: KubeObject,
  version: string,
  include: IncludeObject,
  nowMs: number,
  foreign: boolean,
): string => {
  const plain = foreign || type.columns.length === 0;
  const cells = plain ? [object.metadata.name, object.metadata.creationTimestamp ?? null] : type.cells(object, nowMs);
  return `{"cells":${JSON.stringify(cells)},"object":${rowObjectJson(object, version, include)}}`;
};

const rowObjectJson = (object: KubeObject, version: string, include: IncludeObject): string => {
  if (include === 'None') return 'null';
  return include === 'Object' ? JSON.stringify(object) : partialJson(object, version);
};

/** JSON of an object's metadata alone. */
export const partialJson = (object: KubeObject, version: string): string =>
  `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(object.metadata)}}`;

/** JSON of the metadata of a list's objects. */
export const partialListJson = (objects: readonly KubeObject[], metadata: ListMeta, version: string): string => {
  const items = objects.map((object) => partialJson(object, version));
  return `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(metadata)},"items":[${items.join(',')}]}`;
};
