/** @module Rules of the kinds Cluster and JoinToken. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../kube/object.ts';
import { clusterType } from './cluster-type.ts';
import { joinTokenType } from './join-token.ts';

const nowMs = Date.parse('2030-01-01T00:00:00Z');
const object = (kind: string, name: string, spec: unknown, status?: unknown): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind,
  metadata: { name, creationTimestamp: '2030-01-01T00:00:00Z' },
  spec,
  ...(status === undefined ? {} : { status }),
});

describe('Cluster', () => {
  test.each([
    ['a name with a dot', object('Cluster', 'eu.west', {}), 'metadata.name'],
    ['an unknown admission', object('Cluster', 'eu', { admission: 'Yes' }), 'spec.admission'],
    ['a taint without an effect', object('Cluster', 'eu', { taints: [{ key: 'a' }] }), 'spec.taints[0].effect'],
    [
      'the same taint twice',
      object('Cluster', 'eu', {
        taints: [
          { key: 'a', effect: 'NoExecute' },
          { key: 'a', effect: 'NoExecute' },
        ],
      }),
      'spec.taints[1]',
    ],
    ['a negative price', object('Cluster', 'eu', { pricing: { cpuCoreHour: '-1' } }), 'spec.pricing.cpuCoreHour'],
    ['a price that is a number', object('Cluster', 'eu', { pricing: { gpuHour: { A100: 2 } } }), 'spec.pricing.gpuHour[A100]'],
  ])('refuses %s and names the field', (_, cluster, field) => {
    expect(clusterType.strategy.validate?.(cluster).map((fault) => fault.field)).toEqual([field]);
  });

  test('is admitted by nobody unless somebody says so', () => {
    expect(clusterType.strategy.defaults?.(object('Cluster', 'eu', {})).spec).toEqual({ admission: 'Pending' });
  });

  test.each([
    ['WaitingForAgent', {}, undefined],
    ['PendingApproval', { admission: 'Pending' }, { agent: {} }],
    ['Denied', { admission: 'Denied' }, { agent: {} }],
    ['Joining', { admission: 'Approved' }, { agent: {} }],
    ['Ready', { admission: 'Approved' }, { agent: {}, conditions: [{ type: 'Ready', status: 'True' }] }],
    ['Unknown', { admission: 'Approved' }, { agent: {}, conditions: [{ type: 'Ready', status: 'Unknown' }] }],
  ])('shows %s in the table', (word, spec, status) => {
    const cells = clusterType.cells(object('Cluster', 'eu', spec, status), nowMs);
    expect(cells[1]).toBe(word);
    expect(cells).toHaveLength(clusterType.columns.length);
  });
});

describe('JoinToken', () => {
  test('lives an hour and joins one agent unless it says otherwise', () => {
    const defaulted = joinTokenType.strategy.defaults?.(object('JoinToken', 't', {}));
    const created = joinTokenType.strategy.prepareForCreate?.(defaulted ?? object('JoinToken', 't', {}), {
      nowMs,
      user: { name: 'a', groups: [] },
    });
    expect(created?.spec).toEqual({ maxUses: 1, ttlSeconds: 3_600, expiresAt: '2030-01-01T01:00:00Z' });
  });

  test.each([
    ['no use', { maxUses: 0 }, 'spec.maxUses'],
    ['a lifetime of a year', { ttlSeconds: 31_536_000 }, 'spec.ttlSeconds'],
    ['a time that is none', { expiresAt: 'tomorrow' }, 'spec.expiresAt'],
    ['a secret instead of its hash', { secretHash: 'hunter2' }, 'spec.secretHash'],
    ['a pattern with a dot', { autoApprove: { namePatterns: ['eu.*'] } }, 'spec.autoApprove.namePatterns[0]'],
  ])('refuses %s and names the field', (_, spec, field) => {
    expect(joinTokenType.strategy.validate?.(object('JoinToken', 't', spec)).map((fault) => fault.field)).toEqual([field]);
  });

  test('refuses a new token whose time is over, and says what to set; a change that ends one is taken', () => {
    const [over, open] = ['2029-12-31T23:59:00Z', '2030-01-01T00:30:00Z'].map((expiresAt) => object('JoinToken', 't', { expiresAt }));
    if (over === undefined || open === undefined) throw new RangeError('two tokens');
    const { validate, validateUpdate } = joinTokenType.strategy;
    expect(validate?.(over)).toEqual([
      expect.objectContaining({ field: 'spec.expiresAt', message: expect.stringContaining('set a later time, or ttlSeconds instead') }),
    ]);
    expect([validate?.(open), validateUpdate?.(over, open), validateUpdate?.(over, over)]).toEqual([[], [], []]);
  });

  test('is told of its lifetime alone when that is wrong, not of the end that would follow from it', () => {
    const made = joinTokenType.strategy.prepareForCreate?.(object('JoinToken', 't', { ttlSeconds: -5 }), {
      nowMs,
      user: { name: 'a', groups: [] },
    });
    if (made === undefined) throw new RangeError('a token');
    expect(joinTokenType.strategy.validate?.(made).map(({ field }) => field)).toEqual(['spec.ttlSeconds']);
  });

  test('shows what is left of it', () => {
    const token = object('JoinToken', 't', { maxUses: 3, expiresAt: '2030-01-01T00:30:00Z', autoApprove: {} }, { uses: 1 });
    expect(joinTokenType.cells(token, nowMs)).toEqual(['t', '1/3', '30m', '*', '<none>', '0s']);
  });
});
