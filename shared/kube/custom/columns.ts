/** @module Table columns that a CRD declares: a JSON path a column, cells as the API server makes them (apiextensions tableconvertor). */
import { humanDuration, timeMs } from '../builtin/cells/common.ts';
import type { KubeObject } from '../object.ts';
import type { TableCells, TableColumn } from '../resource.ts';
import type { PathColumn } from './document.ts';
import { parseJsonPath } from './json-path.ts';

const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
};

/** What a CRD without columns shows beside the name. */
export const ageColumn: PathColumn = {
  name: 'Age',
  type: 'date',
  format: '',
  description: 'Time since the object was created.',
  priority: 0,
  jsonPath: '.metadata.creationTimestamp',
};

type Cell = string | number | boolean | null;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const cellOf = (type: TableColumn['type'], value: unknown, nowMs: number): Cell => {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return textOf(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date': {
      const atMs = typeof value === 'string' ? timeMs(value) : undefined;
      return atMs === undefined ? '<invalid>' : humanDuration(nowMs - atMs);
    }
  }
};

/** The columns of a kind and the cells of its objects; a column whose path cannot be read stays empty. */
export const columnsOf = (declared: readonly PathColumn[]): { readonly columns: readonly TableColumn[]; readonly cells: TableCells } => {
  const all = (declared.length === 0 ? [ageColumn] : declared).map((column) => ({ column, path: parseJsonPath(column.jsonPath) }));
  const cells = (object: KubeObject, nowMs: number): Cell[] => [
    object.metadata.name,
    ...all.map(({ column, path }) => cellOf(column.type, path?.(object)[0], nowMs)),
  ];
  return { columns: [nameColumn, ...all.map(({ column: { jsonPath: _, ...column } }) => column)], cells };
};
