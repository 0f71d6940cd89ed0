/** @module Why an applied configuration does not fit the schema, in the words of server-side apply. */
import { goPrint, isObject, type SchemaNode } from '../schema/index.ts';
import { type PathElement, showElement, showPath } from './path-element.ts';
import { elementOfItem, elementOfKey, isFault } from './typed.ts';

/** A place and what is wrong with it; the path is empty when the whole object is wrong. */
export type TypedFault = { readonly path: string; readonly message: string };

/**
 * The faults of a configuration (structured-merge-diff, typed/validate.go): wrong types, undeclared fields, items without a key, items twice.
 * Empty when all is well. `allowsTwins`: items may be there twice, as in stored objects.
 */
export const typedFaults = (node: SchemaNode, object: unknown, allowsTwins = false): TypedFault[] => {
  const check = new Check(allowsTwins);
  check.value(node, object);
  return check.faults;
};

/** The faults as one text, as the server reports them. */
export const typedFaultsText = (faults: readonly TypedFault[]): string => {
  const lines = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return lines.length === 1 ? (lines[0] ?? '') : ['errors:', ...lines.map((line) => `  ${line}`)].join('\n');
};

const goTypeOf = (value: unknown): string => {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};

/** The value as Go's `%v` prints what holds it. */
const printed = (value: unknown): string => `&{${goPrint(value)}}`;

/** The same by `%#v`, as the API server has it for strings only. */
const printedWithType = (value: unknown): string => `&value.valueUnstructured{Value:${goSyntax(value)}}`;

const goSyntax = (value: unknown): string => {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${goSyntax(value[key])}`);
  return `map[string]interface {}{${entries.join(', ')}}`;
};

class Check {
  readonly faults: TypedFault[] = [];
  readonly #path: PathElement[] = [];
  readonly #allowsTwins: boolean;

  constructor(allowsTwins: boolean) {
    this.#allowsTwins = allowsTwins;
  }

  value(node: SchemaNode, value: unknown): void {
    if (value === null || node.kind === 'any') return;
    if (node.kind === 'scalar') this.#scalar(node, value);
    else if (node.kind === 'list') this.#list(node, value);
    else this.#map(node, value);
  }

  #fault(message: string, ...below: readonly PathElement[]): void {
    this.faults.push({ path: showPath([...this.#path, ...below]), message });
  }

  #below(element: PathElement, node: SchemaNode, value: unknown): void {
    this.#path.push(element);
    this.value(node, value);
    this.#path.pop();
  }

  #scalar(node: SchemaNode, value: unknown): void {
    if (node.scalar === 'integer' || node.scalar === 'number') {
      if (typeof value !== 'number') this.#fault(`expected numeric (int or float), got ${goTypeOf(value)}`);
    } else if (node.scalar === 'string') {
      if (typeof value !== 'string') this.#fault(`expected string, got ${printedWithType(value)}`);
    } else if (node.scalar === 'boolean') {
      if (typeof value !== 'boolean') this.#fault(`expected boolean, got ${printed(value)}`);
    } else if (typeof value === 'object') {
      this.#fault(`expected any scalar, got ${printed(value)}`);
    }
  }

  #list(node: SchemaNode, value: unknown): void {
    if (!Array.isArray(value)) {
      this.#fault(`expected list, got ${printed(value)}`);
      return;
    }
    const { item } = node;
    const seen = new Set<PathElement>();
    for (const [index, one] of value.entries()) {
      const element = node.atomic ? `i:${index}` : elementOfItem(node, one);
      if (isFault(element)) {
        this.#fault(`element ${index}: ${element.fault}`);
        return;
      }
      if (seen.has(element) && !this.#allowsTwins) this.#fault(`duplicate entries for key ${showElement(element)}`);
      seen.add(element);
      this.#below(element, item, one);
    }
  }

  #map(node: SchemaNode, value: unknown): void {
    if (!isObject(value)) {
      this.#fault(`expected map, got ${printed(value)}`);
      return;
    }
    for (const key of Object.keys(value)) {
      const child = node.child(key);
      if (child === undefined) {
        this.#fault('field not declared in schema', elementOfKey(node, key));
        return;
      }
      this.#below(elementOfKey(node, key), child, value[key]);
    }
  }
}
