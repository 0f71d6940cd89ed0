/** @module Why an applied configuration does not fit the schema, in the words of server-side apply. */
import { goPrint, isObject, type SchemaNode } from '../schema/index.ts';
import { showElement } from './path-element.ts';
import { elementOfItem, elementOfKey, isFault, type Shape, shapeOf } from './typed.ts';

/** A place and what is wrong with it; the path is empty when the whole object is wrong. */
export type TypedFault = { readonly path: string; readonly message: string };

/**
 * The faults of a configuration (structured-merge-diff, typed/validate.go): wrong types, undeclared fields, items without a key, items twice.
 * Empty when all is well.
 */
export const typedFaults = (node: SchemaNode, object: unknown): TypedFault[] => {
  const faults: TypedFault[] = [];
  check(node, object, '', faults);
  return faults;
};

/** The faults as one text, as the server reports them. */
export const typedFaultsText = (faults: readonly TypedFault[]): string => {
  const lines = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return lines.length === 1 ? (lines[0] ?? '') : ['errors:', ...lines.map((line) => `  ${line}`)].join('\n');
};

const check = (node: SchemaNode, value: unknown, path: string, faults: TypedFault[]): void => {
  if (value === null) return;
  const shape: Shape = shapeOf(node, value);
  if (shape === 'scalar') checkScalar(node, value, path, faults);
  else if (shape === 'list') checkList(node, value, path, faults);
  else checkMap(node, value, path, faults);
};

const goTypeOf = (value: unknown): string => {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};

const checkScalar = (node: SchemaNode, value: unknown, path: string, faults: TypedFault[]): void => {
  const printed = `&{${goPrint(value)}}`;
  const fault = (message: string): void => {
    faults.push({ path, message });
  };
  if (node.kind === 'any') return;
  if (node.scalar === 'integer' || node.scalar === 'number') {
    if (typeof value !== 'number') fault(`expected numeric (int or float), got ${goTypeOf(value)}`);
  } else if (node.scalar === 'string') {
    if (typeof value !== 'string') fault(`expected string, got ${printed}`);
  } else if (node.scalar === 'boolean') {
    if (typeof value !== 'boolean') fault(`expected boolean, got ${printed}`);
  } else if (typeof value === 'object') {
    fault(`expected any scalar, got ${printed}`);
  }
};

const checkList = (node: SchemaNode, value: unknown, path: string, faults: TypedFault[]): void => {
  if (!Array.isArray(value)) {
    faults.push({ path, message: `expected list, got &{${goPrint(value)}}` });
    return;
  }
  if (node.kind === 'any') return;
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    if (node.atomic) {
      check(node.item, item, `${path}[${index}]`, faults);
      continue;
    }
    const element = elementOfItem(node, item);
    if (isFault(element)) {
      faults.push({ path, message: `element ${index}: ${element.fault}` });
      return;
    }
    const shown = showElement(element);
    if (seen.has(element)) faults.push({ path, message: `duplicate entries for key ${shown}` });
    seen.add(element);
    check(node.item, item, `${path}${shown}`, faults);
  }
};

const checkMap = (node: SchemaNode, value: unknown, path: string, faults: TypedFault[]): void => {
  if (!isObject(value)) {
    faults.push({ path, message: `expected map, got &{${goPrint(value)}}` });
    return;
  }
  if (node.kind === 'any') return;
  for (const key of Object.keys(value)) {
    const child = node.child(key);
    const below = `${path}${showElement(elementOfKey(node, key))}`;
    if (child === undefined) {
      faults.push({ path: below, message: 'field not declared in schema' });
      return;
    }
    check(child, value[key], below, faults);
  }
};
