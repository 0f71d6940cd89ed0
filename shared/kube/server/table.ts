/** @module Objects as rows of a Table, and objects cut down to their metadata (meta/v1 Table, PartialObjectMetadata). */
import { ageCell } from '../builtin/cells/index.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType, TableCells, TableColumn } from '../resource.ts';
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

const SCALE_COLUMNS: readonly TableColumn[] = [
  { name: 'Name', type: 'string', format: 'name', description: 'Name of the scaled object.', priority: 0 },
  { name: 'Desired', type: 'integer', format: '', description: 'Replicas asked for.', priority: 0 },
  { name: 'Available', type: 'integer', format: '', description: 'Replicas there are.', priority: 0 },
  { name: 'Age', type: 'string', format: '', description: 'Time since the object was created.', priority: 0 },
];

const replicasOf = (part: unknown): number => (part as { replicas?: number } | undefined)?.replicas ?? 0;

const scaleCells: TableCells = (scale, nowMs) => [
  scale.metadata.name,
  replicasOf(scale['spec']),
  replicasOf(scale['status']),
  ageCell(scale, nowMs),
];

const plainCells: TableCells = (object) => [object.metadata.name, object.metadata.creationTimestamp ?? null];

/** How objects of an answer become rows: Scale has columns of its own, kinds without columns show name and time. */
const layoutOf = (type: ResourceType, foreign: boolean): { columns: readonly TableColumn[]; cells: TableCells } => {
  if (foreign) return { columns: SCALE_COLUMNS, cells: scaleCells };
  return type.columns.length === 0 ? { columns: FALLBACK, cells: plainCells } : type;
};

const columnsJson = (columns: readonly TableColumn[]): string =>
  JSON.stringify(columns.map(({ name, type, format, description, priority }) => ({ name, type, format, description, priority })));

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
  const layout = layoutOf(type, foreign);
  const columns = options.columns ? `"columnDefinitions":${columnsJson(layout.columns)},` : '"columnDefinitions":null,';
  const rows = objects.map((object) => rowJson(layout.cells(object, nowMs), object, version, include));
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(options.metadata ?? {})},${columns}"rows":[${rows.join(',')}]}`;
};

const rowJson = (cells: ReturnType<TableCells>, object: KubeObject, version: string, include: IncludeObject): string =>
  `{"cells":${JSON.stringify(cells)},"object":${rowObjectJson(object, version, include)}}`;

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
  return `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(metadata)},"items":${items.length === 0 ? 'null' : `[${items.join(',')}]`}}`;
};
