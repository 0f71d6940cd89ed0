/** @module Laws of the three kinds of patch, held against made documents and hostile patches. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSchemaSet, type JsonObject } from '../schema/index.ts';
import { StatusError } from '../status-error.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch, createMergePatch, type PatchResult } from './index.ts';

const openapi = JSON.parse(readFileSync(new URL('../builtin/data/openapi.json', import.meta.url), 'utf8'));
const deployments = createSchemaSet(openapi).node('io.k8s.api.apps.v1.Deployment');

const outcome = (result: PatchResult<unknown>): unknown => (result.ok ? result.value : `${result.error.code} ${result.error.message}`);

describe('laws of patches', () => {
  const keys = fc.constantFrom(
    'a',
    'b',
    'name',
    'spec',
    'metadata',
    '__proto__',
    'constructor',
    'toString',
    '$patch',
    '$retainKeys',
    '$setElementOrder/a',
    '$deleteFromPrimitiveList/a',
    'containers',
    'template',
    'env',
    'finalizers',
  );
  const { json } = fc.letrec<{ json: unknown; object: JsonObject }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom(null, true, 0, 1, '', 'a', 'delete', 'replace', 'merge'),
      fc.array(tie('json'), { maxLength: 4 }),
      tie('object'),
    ),
    object: fc
      .array(fc.tuple(keys, tie('json')), { maxLength: 5 })
      .map((entries) => JSON.parse(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`)),
  }));
  const object = json.filter((value): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value));
  const operation = fc.record({
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
    path: fc
      .array(fc.oneof(keys, fc.constantFrom('0', '1', '-', '-1')), { maxLength: 4 })
      .map((parts) => parts.map((part) => `/${part.replaceAll('/', '~1')}`).join('')),
    from: fc.array(keys, { maxLength: 3 }).map((parts) => parts.map((part) => `/${part.replaceAll('/', '~1')}`).join('')),
    value: json,
  });

  const isClean = (): boolean =>
    Object.keys(Object.prototype).length === 0 && Reflect.get({}, 'a') === undefined && Object.getPrototypeOf({}) === Object.prototype;
  const holds = (result: PatchResult<unknown>): boolean => (result.ok || result.error instanceof StatusError) && isClean();

  it('a merge patch made from two objects makes the one into the other', () => {
    const withoutNulls = object.map((value) => JSON.parse(JSON.stringify(value, (_, item) => (item === null ? 0 : item))) as JsonObject);
    fc.assert(
      fc.property(withoutNulls, withoutNulls, (before, after) => {
        expect(outcome(applyMergePatch(before, createMergePatch(before, after)))).toEqual(after);
      }),
      { numRuns: 500 },
    );
  });

  it('hostile patches give a value or a Status, never change what they are given, and never reach prototypes', () => {
    fc.assert(
      fc.property(object, json, fc.array(operation, { maxLength: 8 }), (document, patch, operations) => {
        const before = JSON.stringify([document, patch, operations]);
        const results = [
          applyMergePatch(document, patch),
          applyStrategicMergePatch(deployments, document, patch),
          applyJsonPatch(document, operations),
          applyJsonPatch(document, patch),
        ];
        expect(results.every(holds)).toBe(true);
        expect(JSON.stringify([document, patch, operations])).toBe(before);
      }),
      { numRuns: 1000 },
    );
  });

  it('a patch nested without end is refused', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`);
    for (const result of [
      applyMergePatch({}, deep),
      applyStrategicMergePatch(deployments, {}, deep),
      applyJsonPatch({}, [{ op: 'add', path: '/a', value: deep }]),
    ]) {
      expect(outcome(result)).toBe('400 error decoding patch: exceeded max depth of 400');
    }
  });
});
