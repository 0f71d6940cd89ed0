/** @module The generated files hold together: what one says of a definition, the others know. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { Defaults } from './defaults.ts';
import type { Discovery } from './discovery.ts';
import type { DataRule, NamedRule } from './rules.ts';
import { definitionOf, fieldShape, type Schemas } from './schemas.ts';
import { isObject, type Json } from './stable-json.ts';
import type { Types } from './types.ts';

const dataDir = resolve(import.meta.dirname, '..', '..', '..', 'shared', 'kube', 'builtin', 'data');
const read = async <T>(name: string): Promise<T> => JSON.parse(await readFile(join(dataDir, name), 'utf8')) as T;

const { schemas } = await read<{ schemas: Schemas }>('openapi.json');
const discovery = await read<Discovery>('discovery.json');
const { defaults, rules } = await read<{ defaults: Defaults; rules: (DataRule | NamedRule)[] }>('defaults.json');
const types = await read<Types>('types.json');

/** Whether a dotted path below a definition is in its schema. */
const isKnown = (definition: string, path: string): boolean => {
  const [field = '', ...rest] = path.split('.');
  const properties = schemas[definition]?.properties;
  if (!isObject(properties) || properties[field] === undefined) return false;
  const shape = fieldShape(schemas, definition, field);
  return rest.length === 0 || shape.kind === 'value' || isKnown(shape.definition, rest.join('.'));
};

test('every default and every rule is about fields that the schemas have', () => {
  const unknown = Object.entries(defaults).flatMap(([definition, fields]) =>
    Object.keys(fields).flatMap((field) => (isKnown(definition, field) ? [] : [`${definition}.${field}`])),
  );
  for (const rule of rules) {
    const paths = 'name' in rule ? rule.fields : [...rule.when.map((when) => when.field), ...Object.keys(rule.set)];
    unknown.push(...paths.filter((path) => !isKnown(rule.definition, path)).map((path) => `${rule.definition}.${path}`));
  }
  expect(unknown).toEqual([]);
});

test('every served kind has a schema, protobuf fields, and columns when it can be listed', () => {
  const missing: string[] = [];
  for (const [groupVersion, resources] of Object.entries(discovery.resources)) {
    for (const resource of resources.filter((one) => !String(one.name).includes('/'))) {
      const definition = definitionOf(schemas, groupVersion, String(resource.kind));
      if (!definition || !types.protobuf[definition]) missing.push(`${groupVersion} ${String(resource.kind)}`);
      const isListed = Array.isArray(resource.verbs) && resource.verbs.includes('list');
      const columns: Json = discovery.columns[`${groupVersion}/${String(resource.name)}`] ?? [];
      if (isListed && (!Array.isArray(columns) || columns.length === 0))
        missing.push(`columns of ${groupVersion} ${String(resource.name)}`);
    }
  }
  expect(missing).toEqual([]);
});

test('the schemas carry what server-side apply needs of metadata', () => {
  const metadata = schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']?.properties;
  expect(metadata).toMatchObject({
    finalizers: { 'x-kubernetes-list-type': 'set' },
    managedFields: { 'x-kubernetes-list-type': 'atomic' },
    ownerReferences: { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['uid'] },
  });
});
