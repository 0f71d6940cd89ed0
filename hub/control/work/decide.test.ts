/** @module What is sent and what is taken back. */
import { describe, expect, it } from 'vitest';
import { decideWork, type SentRecord, type WorkInput } from './decide.ts';
import { renderFor } from './render.ts';

const sent = (op: 'apply' | 'withdraw', fingerprint: string | undefined = 'x', isWithdrawn = false): SentRecord => ({
  seq: 5,
  op,
  fingerprint,
  isWithdrawn,
});
const given = (change: Partial<WorkInput>): WorkInput => ({
  desired: new Map(),
  sent: new Map(),
  inputRevision: 3,
  isDeleted: false,
  orphans: false,
  isKnown: () => true,
  isHeld: () => false,
  ...change,
});
const wants = (fingerprint: string) => new Map([['a', fingerprint]]);
const has = (record: SentRecord) => new Map([['a', record]]);

describe('decideWork', () => {
  it.each<[string, Partial<WorkInput>, readonly string[]]>([
    ['publishes what is new', { desired: wants('x') }, ['publish']],
    ['does nothing for what is there', { desired: wants('x'), sent: has(sent('apply')) }, []],
    ['publishes what changed', { desired: wants('y'), sent: has(sent('apply')) }, ['publish']],
    ['publishes again after a withdrawal', { desired: wants('x'), sent: has(sent('withdraw')) }, ['publish']],
    [
      "keeps an earlier run's record that is newer than all it is made from",
      { desired: wants('x'), sent: new Map([['a', { ...sent('apply'), fingerprint: undefined }]]) },
      ['keep'],
    ],
    [
      "replaces an earlier run's record that is older",
      { desired: wants('x'), inputRevision: 9, sent: new Map([['a', { ...sent('apply'), fingerprint: undefined }]]) },
      ['publish'],
    ],
    ['withdraws what is not wanted any more', { sent: has(sent('apply')) }, ['withdraw']],
    ['withdraws nothing from a cluster that is not heard', { sent: has(sent('apply')), isHeld: () => true }, []],
    [
      'withdraws what the user deleted also from a cluster that is not heard',
      { sent: has(sent('apply')), isHeld: () => true, isDeleted: true },
      ['withdraw'],
    ],
    ['waits for the answer to a withdrawal', { sent: has(sent('withdraw')) }, []],
    ['withdraws above newer work that the cluster has', { sent: has({ ...sent('withdraw'), isOvertaken: true }) }, ['withdraw']],
    ['withdraws again where the broker lost the withdrawal', { sent: has({ ...sent('withdraw'), isDamaged: true }) }, ['withdraw']],
    [
      'never withdraws what an older copy of its data does not know',
      { sent: has({ ...sent('apply'), isForeign: true }), isDeleted: true },
      ['forget'],
    ],
    ['forgets what is gone', { sent: has(sent('withdraw', 'x', true)) }, ['forget']],
    ['forgets a cluster that left', { sent: has(sent('apply')), isKnown: () => false }, ['forget']],
    ['forgets, and does not withdraw, what shall stay', { sent: has(sent('apply')), isDeleted: true, orphans: true }, ['forget']],
  ])('%s', (_, change, expected) => {
    expect(decideWork(given(change)).actions.map((action) => action.do)).toEqual(expected);
  });

  it('holds a deleted object until the clusters that are heard have let it go', () => {
    const records = new Map([
      ['heard', sent('withdraw')],
      ['silent', sent('withdraw')],
      ['gone', sent('withdraw', 'x', true)],
    ]);
    expect(decideWork(given({ sent: records, isDeleted: true, isHeld: (name) => name === 'silent' })).remaining).toEqual(['heard']);
  });
});

describe('renderFor', () => {
  it('sends an object without what belongs to the hub, with its share of replicas', () => {
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'web',
        namespace: 'shop',
        uid: 'u',
        resourceVersion: '7',
        generation: 2,
        labels: { app: 'web' },
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'hanse.dev/on-delete': 'Orphan', team: 'a' },
        finalizers: ['hanse.dev/placement'],
        ownerReferences: [],
        managedFields: [],
      },
      spec: { replicas: 9, paused: true },
      status: { replicas: 9 },
    };
    expect(renderFor(object, undefined, { replicas: 2 }, undefined, {})).toEqual({
      ok: true,
      object: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' }, annotations: { team: 'a' } },
        spec: { replicas: 2, paused: true },
      },
    });
  });
});
