/** @module Types as Go's JSON decoder names them when a value does not fit. */
import { timeFault } from './go-time.ts';
import type { SchemaNode } from './schema-node.ts';

const lastParts = (definition: string, count: number): string => definition.split('.').slice(-count).join('.');

/** The Go type of a node: `int32`, `[]v1.Container`, `map[string]string`. */
export const goTypeOf = (node: SchemaNode): string => {
  if (node.root && node.kind !== 'scalar') return lastParts(node.definition, 2);
  switch (node.kind) {
    case 'list':
      return `[]${goTypeOf(node.item)}`;
    case 'map':
      return `map[string]${node.values === undefined ? 'interface {}' : goTypeOf(node.values)}`;
    case 'scalar':
      return goScalarOf(node);
    default:
      return 'interface {}';
  }
};

const goScalarOf = (node: SchemaNode): string => {
  if (node.scalar === 'integer') return node.format === '' ? 'int64' : node.format;
  if (node.scalar === 'number') return 'float64';
  if (node.scalar === 'boolean') return 'bool';
  if (node.scalar === 'intOrString') return 'int32';
  return node.format === 'byte' ? '[]uint8' : 'string';
};

/** The Go struct that holds a node's fields: `DeploymentSpec`. */
export const fieldWord = (node: SchemaNode): string => lastParts(node.definition, 1);

/** What a JSON value is called: `string`, `number`, `bool`, `array`, `object`. */
export const jsonWord = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Whole numbers that Go's types hold: from `-limit` to below `limit`. The largest int64 reads as 2^63 here, which is one too many: it is refused. */
const integerLimits: Readonly<Record<string, number>> = { int32: 2 ** 31, int64: 2 ** 63 };

/** True when a value is a whole number that the type holds. */
const isIntegerOf = (type: string, value: unknown): boolean => {
  const limit = integerLimits[type] ?? 2 ** 63;
  return typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit;
};

/** True when a scalar is of a wrong type, or the decoder's words when it is of the right type and yet cannot be read. */
export const isWrongScalar = (node: SchemaNode, value: unknown): boolean | string => {
  switch (node.scalar) {
    case 'integer':
      return !isIntegerOf(goScalarOf(node), value);
    case 'number':
      return typeof value !== 'number';
    case 'boolean':
      return typeof value !== 'boolean';
    case 'intOrString':
      return typeof value !== 'string' && !isIntegerOf(goScalarOf(node), value);
    default:
      return typeof value !== 'string' || isUnreadable(node, value);
  }
};

const isUnreadable = (node: SchemaNode, text: string): boolean | string => {
  if (node.format === 'byte' && !base64.test(text.replaceAll(/[\r\n]/g, ''))) {
    const end = text.search(/[^A-Za-z0-9+/]/);
    return `illegal base64 data at input byte ${end < 0 ? text.length - (text.length % 4) : end}`;
  }
  return (node.format === 'date-time' && timeFault(text, node.definition.endsWith('.MicroTime'))) || false;
};

/** As {@link jsonWord}, but a number that does not fit a whole one is told: `number 1.5`. */
export const unfitWord = (node: SchemaNode, value: unknown): string => {
  const isWhole = node.scalar === 'integer' || node.scalar === 'intOrString';
  return typeof value === 'number' && node.kind === 'scalar' && isWhole ? `number ${value}` : jsonWord(value);
};

const goKindOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'object' ? 'map' : 'string';
};

/** Types that read themselves from JSON, whatever reads the object around them. */
const readsItself = (node: SchemaNode): boolean =>
  node.scalar === 'intOrString' || node.scalar === 'quantity' || node.format === 'date-time';

/**
 * Why a value does not fit a node, in the words of the converter that makes objects of maps (apimachinery, runtime/converter.go); `name` is the
 * Go type of a string.
 */
export const converterFault = (node: SchemaNode, value: unknown, name = 'string'): string => {
  const kind = goKindOf(value);
  if (node.kind === 'object') return `cannot restore struct from: ${kind}`;
  if (node.kind === 'map') return `cannot restore map from ${kind}`;
  if (node.kind === 'list' || node.format === 'byte') return `cannot restore slice from ${kind}`;
  if (readsItself(node)) return `json: cannot unmarshal ${unfitWord(node, value)} into Go value of type ${goTypeOf(node)}`;
  const type = goTypeOf(node);
  // Go converts between numbers, and from whole numbers to strings, but JSON does not.
  if (kind === 'int64' && type === 'string') return `cannot convert int64 to ${name}`;
  // It wraps what is too large, which the hub does not.
  if (kind === 'int64' && node.scalar === 'integer') return `cannot convert int64 to ${type}: ${value} is out of range`;
  if (kind === 'float64' && node.scalar === 'integer') return `cannot convert float64 to ${type}`;
  return `unrecognized type: ${type}`;
};
