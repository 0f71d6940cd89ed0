/**
 * @module What a workload says of itself while no policy selects it: its spec was seen, nothing of it runs, and why. `kubectl rollout status` would
 * otherwise wait for somebody to look at the spec, and not tell for what.
 */
import { transitionTime } from '../../../shared/kube/condition.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import { bag, bags, groupKind } from '../kinds.ts';

const reason = 'NoPolicy';

/** Kinds of which `kubectl rollout status` goes on to count replicas. A DaemonSet without nodes would be said to be rolled out. */
const kinds: ReadonlySet<string> = new Set(['apps/Deployment', 'apps/StatefulSet']);

/** The object with such a status; undefined when it has it, or its kind has none. `why` is asked for only when it is to be said. */
export const withUnselectedStatus = (object: KubeObject, why: () => string, nowMs: number): KubeObject | undefined => {
  const { generation } = object.metadata;
  const { observedGeneration, conditions } = bag(object.status);
  if (!kinds.has(groupKind(object)) || generation === undefined) return undefined;
  const known = bags(conditions).find(({ type }) => type === 'Progressing');
  if (observedGeneration === generation && known?.reason === reason) return undefined;
  const now = timeText(nowMs);
  const times = { lastUpdateTime: now, lastTransitionTime: transitionTime(known, 'False', now) };
  const condition = { type: 'Progressing', status: 'False', ...times, reason, message: why() };
  return { ...object, status: { observedGeneration: generation, replicas: 0, conditions: [condition] } };
};
