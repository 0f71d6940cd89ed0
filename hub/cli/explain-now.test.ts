/** @module `hanse explain` tells what is, beside a decision that was made earlier. */
import { describe, expect, test } from 'vitest';
import type { ExplanationRow, Placement } from '../../shared/api/index.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { askNow, type DecisionNow } from './explain-now.ts';
import { explanationLines } from './explanation-text.ts';

const spec: Placement['spec'] = {
  workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
  policy: 'shop/web',
  clusters: [{ name: 'aws', replicas: 2 }],
};
const row = (cluster: string, more: Partial<ExplanationRow> = {}): ExplanationRow => ({
  ...{ cluster, eligible: true, reason: '', message: '', fits: 19, exact: true, before: 0, got: 0 },
  ...more,
});
const waits: Partial<ExplanationRow> = { eligible: false, reason: 'pending', message: 'the cluster waits for approval' };
const placement: Placement = {
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Placement',
  metadata: { name: 'web-deployment', namespace: 'shop' },
  spec,
  status: {
    ...{ replicas: 2, unplaced: 0, message: 'placed in 1 cluster', decidedAt: '2030-01-01T00:00:00Z' },
    explanation: [row('aws', { got: 2 }), row('idc', waits)],
  },
};
const nowMs = Date.parse('2030-01-01T00:03:00Z');
const explanation = [row('aws', { before: 2, got: 2, fits: 0, reason: 'capacity', message: 'no more replicas fit' }), row('idc')];
const decision = { spec, status: { ...placement.status, explanation } };
const lines = (now: DecisionNow): string[] => explanationLines(placement, { now: { decision: now }, nowMs, remarks: [] });

describe('explain', () => {
  test('tells eligibility, room and reasons of now beside what the decision gave, and what it was when that has changed', () => {
    expect(lines(decision)).toEqual([
      'Deployment shop/web: placed in 1 cluster',
      'policy shop/web, 2 replicas wanted, 0 unplaced',
      'decided 3m ago; what clusters can add and why not more is of now',
      '',
      'CLUSTER   ELIGIBLE   TIER   CAN ADD   HAD   GOT   WHY                    WHEN DECIDED',
      'aws       yes               0         0     2     no more replicas fit',
      'idc       yes               19        0     0                            the cluster waits for approval',
    ]);
  });

  test('tells what a decision would come to now, where that is something else', () => {
    const clusters = [{ name: 'idc', replicas: 2 }];
    expect(lines({ spec: { ...spec, clusters }, status: { ...decision.status, message: 'placed in 1 cluster' } })).toContain(
      'a decision now would place idc=2: placed in 1 cluster',
    );
  });

  test('tells the decision as it was, with its time, to who may not ask what holds now', async () => {
    const refusing = { create: () => Promise.reject(new StatusError(403, 'Forbidden', 'no')) } as Partial<KubeClient> as KubeClient;
    const told = explanationLines(placement, { now: await askNow(refusing, placement), nowMs, remarks: [] });
    expect(told[2]).toBe(
      'decided 3m ago, and shown as it was then: what holds now is for those who may create planreviews.hanse.dev (ClusterRole hanse:planner)',
    );
    expect(told.at(-1)).toMatch(/^idc +no .* the cluster waits for approval$/);
  });
});
