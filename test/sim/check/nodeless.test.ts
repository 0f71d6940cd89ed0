/** @module What the rule of replicas that wait for a node sees. */
import { expect, it } from 'vitest';
import type { Cluster, PolicySpec, StoredPlacement } from '../../../shared/api/index.ts';
import { type NodelessSight, nodelessText } from './nodeless.ts';

/** Two of `web` wait in `a`; `told` is what its Placement says, `room` what `b` has. */
const sight = (told: number, room: number, policy: Partial<PolicySpec> = {}, taints: readonly object[] = []): NodelessSight => {
  const clusters = ['a', 'b'].map((name) => ({ metadata: { name }, spec: name === 'b' ? { taints } : {} })) as unknown as Cluster[];
  const status = told === 0 ? {} : { nodeless: [{ name: 'a', replicas: told }] };
  const placement = { spec: { policy: 'p', clusters: [{ name: 'a', replicas: 4 }] }, status } as unknown as StoredPlacement;
  return {
    clusters,
    placements: new Map([['web', placement]]),
    policy: () => ({ resourceSelectors: [], ...policy }),
    wanted: () => 4,
    counts: () => undefined,
    room: (cluster) => (cluster === 'b' ? room : 0),
    nodeless: (cluster) => (cluster === 'a' ? 2 : 0),
  };
};
const taint = [{ key: 'k', value: '', effect: 'NoSchedule' }];

it.each([
  ['nothing of what is told and has no other place', sight(2, 0), ''],
  ['what is not told', sight(0, 0), '2 of web wait in a for a node, its Placement says 0'],
  ['what has another place', sight(2, 1), '2 of web wait in a for a node, and b has room'],
  ['nothing of a place that is closed', sight(2, 1, {}, taint), ''],
  ['nothing of a place for a singleton', sight(2, 1, { failover: { class: 'Singleton' } }), ''],
  ['nothing of a place under Weighted', sight(2, 1, { replicaScheduling: { strategy: 'Weighted' } }), ''],
])('says %s', (_, given, text) => {
  expect(nodelessText(given)).toBe(text);
});
