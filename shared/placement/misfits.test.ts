/** @module Overrides that do not fit an object, and where it goes then. */
import { describe, expect, it } from 'vitest';
import { explanationRows, type OverrideRule } from '../api/index.ts';
import { builtinFaults } from '../kube/builtin/index.ts';
import type { KubeObject } from '../kube/object.ts';
import { misfitsOf } from './misfits.ts';
import { place } from './place.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';
import { env, on, provider } from './testing-cases.ts';
import { decidedFields } from './workload-fields.ts';

const object: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'shop', name: 'web' },
  spec: { replicas: 8, template: { spec: { containers: [{ name: 'web', image: 'web:1' }] } } },
};

const onAws = { clusterSelector: provider('aws') };
const misfit: OverrideRule = { ...onAws, patch: [{ op: 'remove', path: '/spec/template/spec/nodeSelector/disk' }] };
const clusters = [clusterWith('a', 9, on('aws')), clusterWith('b', 9, on('gcp'))];

const decide = (overrides: readonly OverrideRule[], replicas: number | undefined, current: Readonly<Record<string, number>> = {}) => {
  const policy = policyOf({ overrides: [...overrides] });
  const misfits = misfitsOf(policy, { read: () => object, decided: decidedFields(object, undefined), faultsOf: builtinFaults });
  const workload = { ...workloadOf(replicas, current), ...(misfits === undefined ? {} : { misfits }) };
  return place({ policy, clusters }, workload, env);
};

const rowOf = (decision: ReturnType<typeof decide>, name: string) =>
  explanationRows(decision.explained).find(({ cluster }) => cluster === name);

describe('a cluster for which an override does not fit', () => {
  const message = 'overrides[0] cannot be applied: patch[0] (remove /spec/template/spec/nodeSelector/disk) does not fit (Deployment web)';

  it('is not eligible: its share goes elsewhere, and its row says which override it is', () => {
    const decision = decide([misfit], 8);
    expect(asMap(decision.clusters)).toEqual({ b: 8 });
    expect(rowOf(decision, 'a')).toMatchObject({ eligible: false, reason: 'override', message });
  });

  it('keeps what runs there, and takes no more', () => {
    const decision = decide([misfit], 12, { a: 3, b: 3 });
    expect(asMap(decision.clusters)).toEqual({ a: 3, b: 9 });
    expect(rowOf(decision, 'a')).toMatchObject({ eligible: true, reason: 'override', message: `${message}; what runs stays` });
  });

  it('gets no copy of an object without replicas either', () => {
    expect(asMap(decide([misfit], undefined).clusters)).toEqual({ b: 1 });
  });

  it('is named when no cluster is left', () => {
    const decision = decide([{ ...misfit, clusterSelector: {} }], 8);
    expect(decision).toMatchObject({ reason: 'NoClusterFits', binding: 'override in 2 clusters', unplaced: 8 });
  });

  it.each<[string, NonNullable<OverrideRule['patch']>[number], string]>([
    [
      'true where text belongs',
      { op: 'add', path: '/metadata/annotations/x', value: true },
      'metadata.annotations: string is wanted, not bool; write it in quotes',
    ],
    [
      'a word that the kind does not know',
      { op: 'add', path: '/spec/template/spec/restartPolicy', value: 'Never' },
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    ['a label that is none', { op: 'add', path: '/metadata/labels/x', value: 'a b' }, 'metadata.labels: Invalid value: "a b": '],
  ])('is one, too, for which what comes of it is no object of the kind: %s', (_, operation, fault) => {
    const first = { op: 'add', path: '/metadata/labels/fine', value: 'yes' } as const;
    const decision = decide(
      [
        { clusterSelector: {}, labels: { all: 'well' } },
        { ...onAws, patch: [first, operation] },
      ],
      8,
    );
    expect(asMap(decision.clusters)).toEqual({ b: 8 });
    const { message } = rowOf(decision, 'a') ?? {};
    const where = `overrides[1] cannot be applied: patch[1] (add ${operation.path}) makes the object invalid: ${fault}`;
    expect(message?.slice(0, where.length)).toBe(where);
    expect(message).toMatch(/ \(Deployment web\)$/);
  });

  it.each<[string, OverrideRule, Readonly<Record<string, number>>]>([
    ['what the placement decides may not be changed', { ...onAws, patch: [{ op: 'replace', path: '/spec', value: {} }] }, { b: 8 }],
    ['a patch that fits keeps nothing out', { ...onAws, patch: [{ op: 'add', path: '/metadata/labels/x', value: 'y' }] }, { a: 4, b: 4 }],
  ])('%s', (_, rule, expected) => {
    expect(asMap(decide([rule], 8).clusters)).toEqual(expected);
  });
});

it.each<[string, KubeObject, OverrideRule['patch']]>([
  [
    'a Service without an address',
    { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop', name: 'web' }, spec: { ports: [{ port: 80 }] } },
    [{ op: 'add', path: '/spec/clusterIP', value: 'None' }],
  ],
  [
    'a Job with other labels',
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { namespace: 'shop', name: 'sum', uid: '1' },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'sum:1' }] } } },
    },
    [{ op: 'add', path: '/spec/template/metadata', value: { labels: { team: 'a' } } }],
  ],
])('what a server fills in when it takes an object is no misfit: %s', (_, made, patch = []) => {
  const policy = policyOf({ overrides: [{ ...onAws, patch }] });
  const misfits = misfitsOf(policy, { read: () => made, decided: decidedFields(made, undefined), faultsOf: builtinFaults });
  expect(misfits?.(on('aws'))).toBeUndefined();
});
