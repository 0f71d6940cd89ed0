/** @module The rules of cells. */
import { describe, expect, it } from 'vitest';
import { builtinTypes, humanDuration } from './index.ts';
import { nowMs, objectOf, typeOf } from './testing/write.ts';

const row = (resource: string, fields: object, metadata: object = {}, version?: string): unknown[] => {
  const type = typeOf(resource, version);
  return type.cells(objectOf(type, fields, { creationTimestamp: '2025-12-31T23:57:00Z', ...metadata }), nowMs);
};
const containers = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ name: `c${index}`, image: 'i' }));

describe('table rows', () => {
  it('have a cell for each column', () => {
    for (const type of builtinTypes().filter(({ verbs }) => verbs.includes('list'))) {
      expect(type.cells(objectOf(type, {}), nowMs), type.resource).toHaveLength(type.columns.length);
    }
  });

  it.each([
    [-5000, '<invalid>'],
    [-500, '0s'],
    [119_000, '119s'],
    [120_000, '2m'],
    [185_000, '3m5s'],
    [3_600_000 * 3, '3h'],
    [3_600_000 * 3 + 60_000, '3h1m'],
    [3_600_000 * 30, '30h'],
    [3_600_000 * 50, '2d2h'],
    [3_600_000 * 24 * 9, '9d'],
    [3_600_000 * 24 * 800, '2y70d'],
    [3_600_000 * 24 * 365 * 9, '9y'],
  ])('%i ms are %s', (spanMs, text) => {
    expect(humanDuration(spanMs)).toBe(text);
  });

  it.each<[string, object, (string | number)[]]>([
    ['nothing known', {}, ['web', '0/1', '', '0', '3m']],
    ['pending', { status: { phase: 'Pending' } }, ['web', '0/1', 'Pending', '0', '3m']],
    [
      'running after restarts',
      {
        status: {
          phase: 'Running',
          containerStatuses: [
            { ready: true, restartCount: 2, state: { running: {} }, lastState: { terminated: { finishedAt: '2025-12-31T23:59:00Z' } } },
          ],
        },
      },
      ['web', '1/1', 'Running', '2 (60s ago)', '3m'],
    ],
    [
      'waiting',
      { status: { phase: 'Pending', containerStatuses: [{ restartCount: 0, state: { waiting: { reason: 'ImagePullBackOff' } } }] } },
      ['web', '0/1', 'ImagePullBackOff', '0', '3m'],
    ],
    [
      'killed by a signal',
      { status: { phase: 'Failed', containerStatuses: [{ restartCount: 0, state: { terminated: { exitCode: 137, signal: 9 } } }] } },
      ['web', '0/1', 'Signal:9', '0', '3m'],
    ],
    [
      'held up by an init container',
      {
        spec: { containers: containers(1), initContainers: containers(2) },
        status: { initContainerStatuses: [{ name: 'c0', restartCount: 1, state: { running: {} } }] },
      },
      ['web', '0/1', 'Init:0/2', '1', '3m'],
    ],
  ])('a pod with %s', (_what, fields, cells) => {
    expect(row('pods', { spec: { containers: containers(1) }, ...fields }).slice(0, 5)).toEqual(cells);
  });

  it('a pod that is being deleted is terminating', () => {
    expect(row('pods', { status: { phase: 'Running' } }, { deletionTimestamp: '2026-01-01T00:00:00Z' })[2]).toBe('Terminating');
  });

  it('a Deployment shows ready of wanted replicas, and its selector', () => {
    const spec = { replicas: 3, selector: { matchLabels: { b: '1', a: '2' } }, template: { spec: { containers: containers(2) } } };
    const status = { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 };
    expect(row('deployments', { spec, status })).toEqual(['web', '1/3', 2, 1, '3m', 'c0,c1', 'i,i', 'a=2,b=1']);
  });

  it('an autoscaler of either version shows its metrics', () => {
    const target = { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 9 };
    const cells = ['web', 'Deployment/web', 'cpu: <unknown>/60%', '2', 9, 0, '3m'];
    const metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } }];
    expect(row('horizontalpodautoscalers', { spec: { ...target, metrics } }, {}, 'v2')).toEqual(cells);
    expect(row('horizontalpodautoscalers', { spec: { ...target, targetCPUUtilizationPercentage: 60 } }, {}, 'v1')).toEqual(cells);
  });

  it('a Service shows where it is reached', () => {
    const ports = [{ port: 80, protocol: 'TCP', nodePort: 30_080 }];
    const spec = { type: 'LoadBalancer', clusterIPs: ['10.0.0.1'], ports };
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } };
    expect(row('services', { spec, status })).toEqual(['web', 'LoadBalancer', '10.0.0.1', '192.0.2.9', '80:30080/TCP', '3m', '<none>']);
    expect(row('services', { spec })[3]).toBe('<pending>');
  });
});

describe('kinds that are kept in another form', () => {
  it('an autoscaler of v2 survives being read and written as v1', () => {
    const { conversion } = typeOf('horizontalpodautoscalers', 'v1');
    const kept = objectOf(typeOf('horizontalpodautoscalers', 'v2'), {
      spec: {
        maxReplicas: 3,
        behavior: { scaleUp: { selectPolicy: 'Max' } },
        metrics: [
          { type: 'Pods', pods: { metric: { name: 'x' }, target: { type: 'AverageValue', averageValue: '1' } } },
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
        ],
      },
      status: { conditions: [{ type: 'AbleToScale', status: 'True' }] },
    });
    const v1 = conversion?.fromStorage(kept);
    expect(v1?.spec).toEqual({ maxReplicas: 3, targetCPUUtilizationPercentage: 60 });
    expect(conversion?.toStorage(v1 ?? kept)).toEqual(kept);
  });

  it('an event of either group is the same event', () => {
    const type = typeOf('events', 'v1');
    const { conversion } = type;
    const kept = objectOf(
      { ...type, group: '' },
      { involvedObject: { kind: 'Pod', name: 'p' }, message: 'm', reportingComponent: 'c', count: 2 },
    );
    const later = conversion?.fromStorage(kept);
    expect(later).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: { kind: 'Pod' },
      note: 'm',
      reportingController: 'c',
      deprecatedCount: 2,
    });
    expect(conversion?.toStorage(later ?? kept)).toEqual(kept);
  });

  it('a claim that is bound shows size and modes, also where it has a volume in each of several clusters and so no name of one', () => {
    const status = { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };
    expect(row('persistentvolumeclaims', { spec: {}, status }).slice(1, 5)).toEqual(['Bound', '', '1Gi', 'RWO']);
  });
});
