/** @module The rules of schema. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultText } from '../names/index.ts';
import { applyDefaults, conform, createSchemaSet, type JsonObject, unknownFieldText, validateBySchema, zeroObject } from './index.ts';

const load = (name: string) => JSON.parse(readFileSync(new URL(`../builtin/data/${name}.json`, import.meta.url), 'utf8'));
const schemas = createSchemaSet(load('openapi'), load('defaults'), load('types'));
const nodeOf = (kind: string) => schemas.node(`io.k8s.api.${kind}`);
const deployments = nodeOf('apps.v1.Deployment');

const deployment = (spec: JsonObject): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec,
});
const inContainer = (container: JsonObject): JsonObject =>
  deployment({ template: { spec: { containers: [{ name: 'x', ...container }] } } });

/** Fields of all definitions that hold whole numbers, and the first number that is too large. */
const wholeNumberFields = () =>
  schemas.names().flatMap((definition) => {
    const node = schemas.node(definition);
    if (!node.native) return [];
    const fields = [...node.fields.values()].filter((field) => ['integer', 'intOrString'].includes(field.node.scalar));
    return fields.map((field) => ({ node, name: field.name, limit: field.node.format === 'int64' ? 2 ** 63 : 2 ** 31 }));
  });

describe('reading an object as its kind', () => {
  it('tells each unknown field by its path, in the order of the text, and drops it', () => {
    const read = conform(
      deployments,
      deployment({
        replica: 3,
        template: { metadata: { colour: 'red' }, spec: { containers: [{ name: 'front', imagePullPolice: 'Always' }] } },
      }),
    );
    expect(read.unknown.map(unknownFieldText)).toEqual([
      'unknown field "spec.replica"',
      'unknown field "spec.template.metadata.colour"',
      'unknown field "spec.template.spec.containers[0].imagePullPolice"',
    ]);
    expect(read.object).toEqual(deployment({ template: { metadata: {}, spec: { containers: [{ name: 'front' }] } } }));
  });

  it.each<[string, JsonObject, string]>([
    [
      'a number that is a text',
      deployment({ replicas: 'two' }),
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'a fraction',
      deployment({ replicas: 1.5 }),
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'a whole number that int32 does not hold',
      deployment({ replicas: 2_147_483_648 }),
      'json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'a whole number that int64 does not hold',
      deployment({ template: { spec: { terminationGracePeriodSeconds: 1e30 } } }),
      'json: cannot unmarshal number 1e+30 into Go struct field PodSpec.spec.template.spec.terminationGracePeriodSeconds of type int64',
    ],
    [
      'a number or text that int32 does not hold',
      deployment({ strategy: { rollingUpdate: { maxSurge: -2_147_483_649 } } }),
      'json: cannot unmarshal number -2147483649 into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32',
    ],
    [
      'a list that is a map',
      deployment({ template: { spec: { containers: {} } } }),
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    [
      'a struct that is a text',
      deployment({ template: 'x' }),
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec',
    ],
    [
      'a label that is a number',
      { ...deployment({}), metadata: { labels: { a: 1 } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      'a quantity that is none',
      inContainer({ resources: { requests: { memory: 'lots' } } }),
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ])('refuses %s', (_, object, fault) => {
    expect(conform(deployments, object).fault).toBe(fault);
  });

  it('takes whole numbers of the range of their type, in all fields of all kinds, whoever reads', () => {
    const fields = wholeNumberFields();
    expect(new Set(fields.map(({ limit }) => limit))).toEqual(new Set([2 ** 31, 2 ** 63]));
    const near = [0, 2 ** 31, 2 ** 53, 2 ** 63].flatMap((at) => [at - 1, at, at + 1, -at - 1, -at, -at + 1, at * 1.5]);
    const whole = fc.oneof(fc.constantFrom(...near), fc.double({ noNaN: true }));
    fc.assert(
      fc.property(fc.constantFrom(...fields), whole, fc.constantFrom('decoder', 'converter'), ({ node, name, limit }, value, by) => {
        const fits = Number.isInteger(value) && value >= -limit && value < limit;
        expect(conform(node, { [name]: value }, by).fault === undefined).toBe(fits);
      }),
      { numRuns: 2_000 },
    );
  });

  it('writes quantities as the API server does', () => {
    const resources = { limits: { cpu: 1.5, memory: '0.5Gi', 'example.com/gpu': 2 }, requests: { cpu: '0.1000', memory: '1048576' } };
    const read = conform(deployments, inContainer({ resources }));
    expect(read.object).toEqual(
      inContainer({
        resources: { limits: { cpu: '1500m', memory: '512Mi', 'example.com/gpu': '2' }, requests: { cpu: '100m', memory: '1048576' } },
      }),
    );
  });

  it('drops null and what is empty and optional, keeps pointers to nothing', () => {
    const read = conform(
      deployments,
      deployment({
        paused: false,
        replicas: 0,
        minReadySeconds: 0,
        selector: null,
        template: { metadata: { labels: {} }, spec: { volumes: [], securityContext: {} } },
      }),
    );
    expect(read.object['spec']).toEqual({ replicas: 0, template: { metadata: {}, spec: { securityContext: {} } } });
  });

  it('gives back the very same object when there is nothing to do', () => {
    const object = deployment({ replicas: 1, template: { spec: { containers: [{ name: 'x', image: 'y' }] } } });
    expect(conform(deployments, object).object).toBe(object);
  });

  it('refuses objects nested without end', () => {
    const object = JSON.parse(`{"spec":${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}}`);
    expect(conform(createSchemaSet().node('io.k8s.Nothing'), object).object).toBe(object);
    const recursive =
      nodeOf('none') &&
      createSchemaSet({
        schemas: {
          'io.k8s.R': {
            type: 'object',
            properties: { spec: { $ref: '#/components/schemas/io.k8s.R' }, a: { $ref: '#/components/schemas/io.k8s.R' } },
          },
        },
      }).node('io.k8s.R');
    expect(conform(recursive, object).fault).toBe('exceeded max depth of 400');
  });

  it('keys of Object.prototype are keys like others', () => {
    const object = JSON.parse('{"data":{"__proto__":"x","constructor":"y"},"toString":1,"__proto__":{"a":1}}');
    const read = conform(nodeOf('core.v1.ConfigMap'), object);
    expect(read.unknown).toEqual(['toString', '__proto__']);
    expect(JSON.stringify(read.object)).toBe('{"data":{"__proto__":"x","constructor":"y"}}');
    expect(Reflect.get({}, 'a')).toBeUndefined();
  });
});

describe('defaults', () => {
  it('a Deployment gets what the API server gives it, down to its containers', () => {
    const object = applyDefaults(
      deployments,
      deployment({
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'front', image: 'nginx:1', ports: [{ containerPort: 80 }] }] },
        },
      }),
    );
    expect(object['spec']).toEqual({
      progressDeadlineSeconds: 600,
      replicas: 1,
      revisionHistoryLimit: 10,
      selector: { matchLabels: { app: 'web' } },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' }, type: 'RollingUpdate' },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            {
              image: 'nginx:1',
              name: 'front',
              ports: [{ containerPort: 80, protocol: 'TCP' }],
              resources: {},
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
            },
          ],
          dnsPolicy: 'ClusterFirst',
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          terminationGracePeriodSeconds: 30,
        },
      },
    });
    expect(object['status']).toEqual({});
    expect(applyDefaults(deployments, object)).toBe(object);
  });

  it('a rule sets its fields only when its conditions hold', () => {
    const recreate = applyDefaults(deployments, deployment({ strategy: { type: 'Recreate' } }));
    expect(recreate['spec']).toMatchObject({ strategy: { type: 'Recreate' } });
    expect((recreate['spec'] as { strategy: JsonObject } | undefined)?.strategy).not.toHaveProperty('rollingUpdate');
  });

  it('rules of creation run only at creation, named rules by their function', () => {
    const namespaces = nodeOf('core.v1.Namespace');
    const namespace: JsonObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } };
    expect(applyDefaults(namespaces, namespace)['spec']).toEqual({});
    const named = applyDefaults(namespaces, namespace, {
      stage: 'create',
      functions: { namespaceNameLabel: (struct) => ({ ...struct, labelled: true }) },
    });
    expect(named).toMatchObject({ spec: { finalizers: ['kubernetes'] }, labelled: true });
  });

  it('kinds of others get the defaults of their schema, inside lists and maps too', () => {
    const node = createSchemaSet({
      schemas: {
        'dev.x.T': {
          type: 'object',
          properties: {
            spec: {
              type: 'object',
              default: {},
              properties: {
                n: { type: 'integer', default: 3 },
                l: { type: 'array', items: { type: 'object', properties: { a: { type: 'string', default: 'x' } } } },
                keep: { type: 'string', nullable: true, default: 'y' },
              },
            },
          },
        },
      },
    }).node('dev.x.T');
    expect(applyDefaults(node, {})).toEqual({ spec: { n: 3, keep: 'y' } });
    expect(applyDefaults(node, { spec: { n: null, l: [{}], keep: null } })).toEqual({ spec: { n: 3, l: [{ a: 'x' }], keep: null } });
  });

  it('an object in which nothing is set is what Go would write', () => {
    expect(zeroObject(deployments)).toEqual({
      metadata: {},
      spec: { selector: null, strategy: {}, template: { metadata: {}, spec: { containers: null } } },
      status: {},
    });
  });
});

const cars = createSchemaSet({
  schemas: {
    'com.example.v1.Car': {
      type: 'object',
      required: ['spec'],
      properties: {
        spec: {
          type: 'object',
          required: ['plate', 'wheels'],
          properties: {
            plate: { type: 'string', pattern: '^[A-Z]{1,3}-[0-9]+$' },
            wheels: { type: 'integer', minimum: 3, maximum: 6 },
            colour: { type: 'string', enum: ['red', 'green', 'blue'] },
            owner: { type: 'string', minLength: 2, maxLength: 5 },
            tags: { type: 'array', maxItems: 2, items: { type: 'string' } },
            speed: { type: 'number', multipleOf: 0.5 },
            extras: { type: 'object', maxProperties: 1, additionalProperties: { type: 'boolean' } },
            since: { type: 'string', format: 'date-time' },
            limit: { 'x-kubernetes-int-or-string': true },
            note: { type: 'string', nullable: true },
            parts: {
              type: 'array',
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['name'],
              items: { type: 'object', properties: { name: { type: 'string' } } },
            },
            inner: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
            either: { type: 'integer', anyOf: [{ maximum: 1 }, { minimum: 9 }] },
            free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      },
    },
  },
}).node('com.example.v1.Car');

describe('validation by schema', () => {
  const good = { plate: 'HH-1', wheels: 4 };
  it.each<[string, JsonObject, string[]]>([
    [
      'a good car',
      {
        ...good,
        colour: 'red',
        owner: 'jan',
        tags: ['a'],
        speed: 1.5,
        extras: { roof: true },
        since: '2001-02-03T04:05:06Z',
        limit: '5%',
        note: null,
      },
      [],
    ],
    ['a missing field', { wheels: 4 }, ['spec.plate: Required value']],
    [
      'a pattern',
      { ...good, plate: 'hh123' },
      [`spec.plate: Invalid value: "hh123": spec.plate in body should match '^[A-Z]{1,3}-[0-9]+$'`],
    ],
    ['too small', { ...good, wheels: 2 }, ['spec.wheels: Invalid value: 2: spec.wheels in body should be greater than or equal to 3']],
    ['too great', { ...good, wheels: 7 }, ['spec.wheels: Invalid value: 7: spec.wheels in body should be less than or equal to 6']],
    [
      'a wrong type',
      { ...good, wheels: 'four' },
      ['spec.wheels: Invalid value: "string": spec.wheels in body must be of type integer: "string"'],
    ],
    [
      'no word of the enum',
      { ...good, colour: 'pink' },
      ['spec.colour: Unsupported value: "pink": supported values: "red", "green", "blue"'],
    ],
    ['too short', { ...good, owner: 'x' }, ['spec.owner: Invalid value: "x": spec.owner in body should be at least 2 chars long']],
    ['too long', { ...good, owner: 'toolong' }, ['spec.owner: Too long: may not be more than 5 bytes']],
    ['too many items', { ...good, tags: ['a', 'b', 'c'] }, ['spec.tags: Too many: 3: must have at most 2 items']],
    ['no list', { ...good, tags: 'a' }, ['spec.tags: Invalid value: "string": spec.tags in body must be of type array: "string"']],
    ['no multiple', { ...good, speed: 1.3 }, ['spec.speed: Invalid value: 1.3: spec.speed in body should be a multiple of 0.5']],
    ['too many keys', { ...good, extras: { a: true, b: true } }, ['spec.extras: Too many: 2: must have at most 1 item']],
    [
      'a wrong type in a map',
      { ...good, extras: { a: 'yes' } },
      ['spec.extras.a: Invalid value: "string": spec.extras.a in body must be of type boolean: "string"'],
    ],
    [
      'no time',
      { ...good, since: 'yesterday' },
      ['spec.since: Invalid value: "yesterday": spec.since in body must be of type date-time: "yesterday"'],
    ],
    [
      'neither int nor string',
      { ...good, limit: 1.5 },
      ['spec.limit: Invalid value: "number": spec.limit in body must be of type integer,string: "number"'],
    ],
    [
      'null that may not be',
      { ...good, colour: null },
      [
        'spec.colour: Invalid value: "null": spec.colour in body must be of type string: "null"',
        'spec.colour: Unsupported value: null: supported values: "red", "green", "blue"',
      ],
    ],
    ['an item twice', { ...good, parts: [{ name: 'a' }, { name: 'a' }] }, ['spec.parts[1]: Duplicate value: {"name":"a"}']],
    ['what is embedded has a kind', { ...good, inner: {} }, ['spec.inner.apiVersion: Required value', 'spec.inner.kind: Required value']],
    [
      'no alternative',
      { ...good, either: 5 },
      [
        '<nil>: Invalid value: "": "spec.either" must validate at least one schema (anyOf)',
        'spec.either: Invalid value: 5: spec.either in body should be less than or equal to 1',
      ],
    ],
    [
      'several faults',
      { plate: 'x', wheels: 9 },
      [
        `spec.plate: Invalid value: "x": spec.plate in body should match '^[A-Z]{1,3}-[0-9]+$'`,
        'spec.wheels: Invalid value: 9: spec.wheels in body should be less than or equal to 6',
      ],
    ],
  ])('%s', (_, spec, faults) => {
    expect(validateBySchema(cars, { spec }).map(faultText)).toEqual(faults);
  });

  it('a missing spec is a missing field', () => {
    expect(validateBySchema(cars, {}).map(faultText)).toEqual(['spec: Required value']);
  });

  it('unknown fields are dropped, but not where they are to be kept', () => {
    const read = conform(cars, { spec: { ...good, hue: 1, free: { any: [1, { deep: 'x' }] }, inner: { kind: 'A', data: 1 } }, extra: 1 });
    expect(read.unknown).toEqual(['spec.hue', 'extra']);
    expect(read.object).toEqual({ spec: { ...good, free: { any: [1, { deep: 'x' }] }, inner: { kind: 'A', data: 1 } } });
  });
});
