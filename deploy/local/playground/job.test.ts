/** @module Rules of the playground's Jobs: indexes and suspension. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { cloudClusters, nodesOf } from './clouds.ts';
import { resources } from './controller.ts';
import { modelCluster } from './model-cluster.ts';
import type { Pod } from './objects.ts';

const job = (spec: object, status: object = {}): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'parts', namespace: 'shop' },
  spec: {
    template: { spec: { containers: [{ name: 'main', image: 'sum:1', resources: { requests: { cpu: '1' } } }], restartPolicy: 'Never' } },
    ...spec,
  },
  status,
});

const indexKey = 'batch.kubernetes.io/job-completion-index';

const clusterWith = (object: KubeObject) => {
  const nodes = cloudClusters(1).flatMap((cluster) => nodesOf(cluster).map(({ node }) => [resources.nodes, node] as const));
  const cluster = modelCluster([...nodes.map(([type, node]): [typeof type, KubeObject] => [type, node]), [resources.jobs, object]]);
  return {
    ...cluster,
    pods: () => cluster.view.list<Pod>(resources.pods, 'shop'),
    status: () => cluster.view.get<KubeObject>(resources.jobs, 'shop', 'parts')?.status,
    suspend: (value: boolean) =>
      cluster.change(resources.jobs, 'shop', 'parts', (one) => ({ ...one, spec: { ...(one.spec as object), suspend: value } })),
  };
};

describe('in the playground', () => {
  test('an Indexed Job does each index once, again when its pod failed, and says which are done', () => {
    const cluster = clusterWith(job({ completions: 6, parallelism: 2, completionMode: 'Indexed' }));
    const indexes = () => cluster.pods().map(({ metadata }) => metadata.annotations?.[indexKey]);
    cluster.run(0);
    expect(indexes()).toEqual(['0', '1']);
    const [first] = cluster.pods();
    expect(first).toMatchObject({
      metadata: { name: expect.stringMatching(/^parts-0-/), labels: { [indexKey]: '0' } },
      spec: { hostname: 'parts-0', containers: [{ env: [{ name: 'JOB_COMPLETION_INDEX' }] }] },
    });
    cluster.change(resources.pods, 'shop', first?.metadata.name ?? '', (pod) => ({ ...pod, status: { phase: 'Failed' } }));
    cluster.settle();
    expect(indexes().sort()).toEqual(['0', '0', '1', '2', '3', '4', '5']);
    expect(cluster.status()).toMatchObject({
      succeeded: 6,
      failed: 1,
      completedIndexes: '0-5',
      conditions: [{ type: 'Complete', status: 'True' }],
    });
  });

  test('an Indexed Job does not do again what its status knows to be done, though the pod is gone', () => {
    const cluster = clusterWith(job({ completions: 4, parallelism: 4, completionMode: 'Indexed' }, { completedIndexes: '0,2' }));
    cluster.run(0);
    expect(cluster.pods().map(({ spec }) => spec.hostname)).toEqual(['parts-1', 'parts-3']);
  });

  test('a Job that is suspended gives up its pods and says so, and goes on when it is resumed', () => {
    const cluster = clusterWith(job({ completions: 2, parallelism: 2 }));
    cluster.run(0);
    cluster.suspend(true);
    cluster.settle();
    expect(cluster.pods()).toEqual([]);
    expect(cluster.status()).toMatchObject({ active: 0, conditions: [{ type: 'Suspended', status: 'True', reason: 'JobSuspended' }] });
    expect(cluster.status()).not.toHaveProperty('startTime');
    cluster.suspend(false);
    cluster.settle();
    expect(cluster.status()).toMatchObject({
      succeeded: 2,
      conditions: [
        { type: 'Suspended', status: 'False', reason: 'JobResumed' },
        { type: 'Complete', status: 'True' },
      ],
    });
  });

  test('a Job that may run fewer pods at once gives up those that are too many', () => {
    const cluster = clusterWith(job({ completions: 4, parallelism: 3 }));
    cluster.run(0);
    cluster.change(resources.jobs, 'shop', 'parts', (one) => ({ ...one, spec: { ...(one.spec as object), parallelism: 1 } }));
    cluster.run(0);
    expect(cluster.pods()).toHaveLength(1);
  });
});
