/** @module What a cluster says of a kind: read from CRDs and OpenAPI, checked, cut to size, and shown. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import discovery from '../builtin/data/discovery.json' with { type: 'json' };
import { isBuiltinGroup } from '../builtin/groups.ts';
import type { KubeObject } from '../object.ts';
import { checkKindDocument } from './check.ts';
import { columnsOf } from './columns.ts';
import { documentOfCrd } from './from-crd.ts';
import { documentOfOpenApi } from './from-openapi.ts';
import { parseJsonPath } from './json-path.ts';
import { alternativesMax, schemaDepthMax, structural } from './structural.ts';
import { schemaOfDocument, typeOfDocument } from './type-of.ts';

const crd = (more: object = {}): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.acme.dev' },
  spec: {
    group: 'acme.dev',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer', default: 1 } } } },
          },
        },
        ...more,
      },
      { name: 'v1alpha1', served: false, schema: {} },
    ],
  },
});

describe('a CRD', () => {
  it('says names, scope, subresources, columns and schema of each version it serves', () => {
    expect(documentOfCrd(crd(), 'v1')).toMatchObject({
      ok: true,
      document: {
        kind: 'Widget',
        shortNames: ['wd'],
        namespaced: true,
        status: true,
        scale: { specReplicas: 'spec.size', statusReplicas: 'status.size' },
        columns: [{ name: 'Size', jsonPath: '.spec.size' }],
        schema: { properties: { spec: { properties: { size: { type: 'integer', default: 1 } } } } },
      },
    });
    expect(documentOfCrd(crd(), 'v1alpha1')).toMatchObject({ ok: false });
  });

  it('becomes a type whose objects have the metadata of Kubernetes and are kept as of one version', () => {
    const made = documentOfCrd(crd(), 'v1');
    if (!made.ok) throw new Error(made.message);
    const type = typeOfDocument(made.document, 'v1beta1', new Set(['wd']));
    expect(type).toMatchObject({ schemaName: 'dev.acme.v1.Widget', shortNames: [], hasStatus: true, strategicMerge: false });
    const object = { apiVersion: 'acme.dev/v1', kind: 'Widget', metadata: { name: 'a' } };
    expect(type.conversion?.toStorage(object).apiVersion).toBe('acme.dev/v1beta1');
    expect(schemaOfDocument(made.document)).toMatchObject({ properties: { metadata: { allOf: [{}] }, spec: { type: 'object' } } });
  });
});

describe('OpenAPI', () => {
  const kind = {
    group: 'acme.dev',
    version: 'v1',
    kind: 'Tree',
    resource: 'trees',
    singular: 'tree',
    shortNames: [],
    categories: [],
    namespaced: true,
    status: false,
  };
  const openApi = (schemas: object): unknown => ({ components: { schemas } });
  const root = {
    type: 'object',
    'x-kubernetes-group-version-kind': [{ group: 'acme.dev', version: 'v1', kind: 'Tree' }],
    properties: {
      metadata: { $ref: '#/components/schemas/Meta' },
      spec: { allOf: [{ $ref: '#/components/schemas/Branch' }], default: {} },
    },
  };

  it('has its references written in place; a schema within itself takes anything', () => {
    const branch = { type: 'object', properties: { name: { type: 'string' }, next: { $ref: '#/components/schemas/Branch' } } };
    expect(documentOfOpenApi(kind, openApi({ 'dev.acme.v1.Tree': root, Branch: branch }))).toMatchObject({
      ok: true,
      document: {
        schema: {
          properties: {
            spec: { properties: { name: { type: 'string' }, next: { 'x-kubernetes-preserve-unknown-fields': true } } },
          },
        },
      },
    });
  });

  it('that doubles at each reference is refused before it fills the memory', () => {
    const levels = Array.from({ length: 26 }, (_, level) => [
      level === 0 ? 'Branch' : `L${level}`,
      { type: 'object', properties: Object.fromEntries(['a', 'b'].map((name) => [name, { $ref: `#/components/schemas/L${level + 1}` }])) },
    ]);
    const made = documentOfOpenApi(kind, openApi({ 'dev.acme.v1.Tree': root, ...Object.fromEntries(levels) }));
    expect(made).toMatchObject({ ok: false, message: expect.stringContaining('more than 50000 schemas') });
  });

  it('without the kind gives a kind without a schema', () => {
    expect(documentOfOpenApi(kind, 'nonsense')).toMatchObject({ ok: true });
  });
});

describe('a document from the wire', () => {
  const base = { group: 'acme.dev', version: 'v1', kind: 'Widget', resource: 'widgets', namespaced: true };
  it.each([
    ['no object', 'text', 'must be an object'],
    ['a group of Kubernetes', { ...base, group: 'apps' }, 'must be a DNS name with a dot'],
    ['another group of Kubernetes', { ...base, group: 'rbac.authorization.k8s.io' }, "Kubernetes' own"],
    ["a group of the hub's", { ...base, group: 'hanse.dev' }, "the hub's own"],
    ["a group below the hub's", { ...base, group: 'internal.hanse.dev' }, "the hub's own"],
    ["a group whose schemas would be taken for Go's", { ...base, group: 'core.api.k8s.io' }, 'reserved'],
    ['a resource with a slash', { ...base, resource: 'widgets/status' }, 'resource must be'],
    ['a kind that is no name', { ...base, kind: '__proto__' }, 'kind must begin'],
    ['a schema with references', { ...base, schema: { $ref: '#/components/schemas/Other' } }, 'refers to another schema'],
    [
      'a schema of nothing but alternatives',
      { ...base, schema: { anyOf: Array.from({ length: alternativesMax + 1 }, () => ({})) } },
      'alternatives',
    ],
  ])('with %s is refused and says why', (_, document, why) => {
    expect(checkKindDocument(document)).toMatchObject({ ok: false, message: expect.stringContaining(why) });
  });

  it('never makes the reader throw, and what passes passes again unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.jsonValue({ maxDepth: 6 }), (schema, columns) => {
        const read = checkKindDocument({ ...base, schema, columns });
        if (read.ok) expect(checkKindDocument(JSON.parse(JSON.stringify(read.document)))).toEqual(read);
      }),
    );
  });

  it('keeps a schema only as deep as a message may be', () => {
    let deep: object = { type: 'string' };
    for (let level = 0; level < schemaDepthMax + 10; level++) deep = { type: 'object', properties: { a: deep } };
    expect(JSON.stringify(structural(deep as Record<string, unknown>)).match(/properties/g)).toHaveLength(schemaDepthMax);
  });
});

describe('columns', () => {
  const object: KubeObject = {
    apiVersion: 'acme.dev/v1',
    kind: 'Widget',
    metadata: { name: 'a', creationTimestamp: '2030-01-01T00:00:00Z', annotations: { 'acme.dev/x': 'note' } },
    spec: { size: 3, parts: [{ name: 'p' }, { name: 'q' }] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
  it.each([
    ['.spec.size', [3]],
    ['.spec.parts[*].name', ['p', 'q']],
    ['.spec.parts[-1].name', ['q']],
    ['.metadata.annotations.acme\\.dev/x', ['note']],
    [".metadata.annotations['acme.dev/x']", ['note']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    ['.status.conditions[?(@.type != "Ready")].status', []],
    ['.constructor', []],
  ])('%s', (path, values) => {
    expect(parseJsonPath(path)?.(object)).toEqual(values);
  });

  it.each(['', 'spec', '.a[', '.a[?(@.b=~"x")]', '..a'])('a path such as %j is none', (path) => {
    expect(parseJsonPath(path)).toBeUndefined();
  });

  it('show name and age when a kind declares none', () => {
    const { columns, cells } = columnsOf([]);
    expect(columns.map(({ name }) => name)).toEqual(['Name', 'Age']);
    expect(cells(object, Date.parse('2030-01-01T00:05:00Z'))).toEqual(['a', '5m']);
  });
});

it('groups of Kubernetes itself are those of the recorded discovery', () => {
  const groups = Object.keys(discovery.resources).map((groupVersion) =>
    groupVersion.includes('/') ? (groupVersion.split('/')[0] ?? '') : '',
  );
  expect(groups.filter((group) => !isBuiltinGroup(group))).toEqual([]);
});
