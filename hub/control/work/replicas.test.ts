/** @module What is known of replicas that are not ready. */
import { expect, it } from 'vitest';
import { unreadyText, waitingText } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StatusItem } from '../../../shared/wire/index.ts';
import type { Liveness } from '../cluster/liveness.ts';
import { workIdOf } from '../kinds.ts';
import { replicasTold, unreadyOf } from './replicas.ts';

const key = 'apps/deployments/shop/web';
const ref = { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: 'web' };
const web: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' } };
const answered = (status: StatusItem['status'], more: Partial<StatusItem> = {}): StatusItem => ({
  v: 1,
  cluster: 'home',
  id: workIdOf(key),
  seq: 1,
  ref,
  phase: 'Applied',
  observedAtMs: 0,
  ...(status === undefined ? {} : { status }),
  ...more,
});
const failing = { type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' };
const late = { type: 'Progressing', status: 'False', message: 'has timed out progressing' };

it.each<readonly [rule: string, answer: StatusItem | undefined, state: Liveness['is'], pending: number, told: readonly string[]]>([
  ['all are ready', answered({ readyReplicas: 5 }), 'Heard', 0, []],
  ['more are ready than are placed', answered({ readyReplicas: 7 }), 'Heard', 0, []],
  ['why is not known', answered({ readyReplicas: 3 }), 'Heard', 0, ['2 replicas on home are not Ready']],
  ['pods have no node', answered({ readyReplicas: 4 }), 'Heard', 1, ['1 replica on home is not Ready: 1 pod is bound to no node']],
  [
    'conditions say why, the most telling first',
    answered({ readyReplicas: 3, conditions: [late, failing] }),
    'Heard',
    2,
    ['2 replicas on home are not Ready: 2 pods are bound to no node; exceeded quota'],
  ],
  [
    'it was not applied',
    answered(undefined, { phase: 'Conflict', message: 'not ours' }),
    'Heard',
    0,
    ['5 replicas on home are not Ready: not ours'],
  ],
  ['nothing was answered', undefined, 'Heard', 0, ['5 replicas on home are not Ready: the cluster has not answered yet']],
  [
    'the cluster is not heard',
    answered({ readyReplicas: 1 }),
    'Doubtful',
    0,
    ['4 replicas on home are not Ready: the cluster is not heard'],
  ],
  ['the cluster is back, and tells it itself', answered({ readyReplicas: 4 }), 'Returning', 0, ['1 replica on home is not Ready']],
  ['the cluster is dead', answered({ readyReplicas: 5 }), 'Dead', 0, ['5 replicas on home are not Ready: the cluster is dead or cut off']],
])('replicas that are not ready are told with what is known of them: %s', (_, answer, state, pending, told) => {
  const report = { present: { [workIdOf(key)]: { bound: 0, pending } } };
  const sources = {
    board: { answer: () => answer },
    directory: { liveness: () => ({ is: state, replicas: 'GivenUp' }) as Liveness, get: () => ({ report }) as never },
  };
  const placement = { spec: { workload: { ...ref }, policy: 'p', clusters: [{ name: 'home', replicas: 5 }] } };
  expect(unreadyOf(sources, key, web, placement).map(unreadyText)).toEqual(told);
});

it('names three clusters of replacements that are waited for, with how many are ready there', () => {
  const unready = ['a', 'b', 'c', 'd'].map((name, ready) => ({ name, replicas: 5, ready }));
  expect([waitingText(1, unready.slice(0, 1)), waitingText(4, unready)]).toEqual([
    '1 replica waits for replacements that are not Ready: a 0 of 5',
    '4 replicas wait for replacements that are not Ready: a 0 of 5, b 1 of 5, c 2 of 5, and 1 more',
  ]);
});

const entry = { seq: 1, op: 'apply', fingerprint: undefined, problem: undefined } as const;

it.each([
  ['as it was sent', { ...entry, replicas: 3 }, answered({ replicas: 5 }), 3],
  ['as the cluster answers, of what an earlier run sent', entry, answered({ replicas: 5 }), 5],
  [
    'as the cluster answers, of what was taken for what is wanted',
    { ...entry, replicas: 3, isAssumed: true },
    answered({ replicas: 5 }),
    5,
  ],
  ['none, where the cluster leaves out the count', entry, answered({}), 0],
  ['not known without an answer', entry, undefined, undefined],
  ['not known of what was sent after the answer', { ...entry, seq: 2 }, answered({ replicas: 5 }), undefined],
  ['as the cluster answers to what was sent later', entry, answered({ replicas: 5 }, { seq: 2 }), 5],
  ['not known before the cluster has looked at it', entry, answered(undefined), undefined],
  ['none where it could not be applied', entry, answered(undefined, { phase: 'Conflict' }), 0],
  ['nothing of what is withdrawn', { ...entry, op: 'withdraw', replicas: 3 } as const, answered({ replicas: 5 }), undefined],
])('what a cluster was told to have is known %s', (_, sent, answer, told) => {
  expect(replicasTold(sent, answer)).toBe(told);
});
