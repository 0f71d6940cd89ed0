/** @module Kubelet: bound pods start, become ready, and end when they are jobs or are told to. */
import { withCondition } from '../../../../shared/kube/condition.ts';
import { hash32 } from '../../../../shared/lib/index.ts';
import { timeText } from '../../../../shared/lib/time-text.ts';
import { type Controller, keyOf, resources, settled } from '../controller.ts';
import { type Condition, isActive, type Pod } from '../objects.ts';

/** A pod is ready this long after it was bound. */
export const startDelayMs = 300;
/** A pod that may end (restartPolicy not Always) succeeds this long after it started; the annotation below overrides it. */
const runMs = 2_000;
const runAnnotation = 'playground.hanse.dev/run-seconds';
const outcomeAnnotation = 'playground.hanse.dev/outcome';

const podIpOf = (pod: Pod): string => {
  const hash = hash32(pod.metadata.uid ?? pod.metadata.name);
  return `10.${64 + (hash & 0x3f)}.${(hash >>> 8) & 0xff}.${1 + ((hash >>> 16) % 254)}`;
};

const containerStatuses = (pod: Pod, state: object, ready: boolean): object[] =>
  pod.spec.containers.map(({ name, image }) => ({ name, image, imageID: image, ready, started: ready, restartCount: 0, state }));

const conditionsWith = (pod: Pod, status: 'True' | 'False', reason: string | undefined, nowMs: number): readonly Condition[] => {
  const of = (type: string, value: 'True' | 'False'): Condition => ({
    type,
    status: value,
    lastProbeTime: null,
    ...(reason === undefined ? {} : { reason }),
  });
  const scheduled: Condition = { type: 'PodScheduled', status: 'True', lastProbeTime: null };
  return [
    of('PodReadyToStartContainers', 'True'),
    of('Initialized', 'True'),
    of('Ready', status),
    of('ContainersReady', status),
    scheduled,
  ].reduce<readonly Condition[]>((conditions, condition) => withCondition(conditions, condition, nowMs), pod.status?.conditions ?? []);
};

const running = (pod: Pod, nowMs: number): Pod['status'] => ({
  ...pod.status,
  phase: 'Running',
  hostIP: '127.0.0.1',
  podIP: podIpOf(pod),
  podIPs: [{ ip: podIpOf(pod) }],
  startTime: timeText(nowMs),
  conditions: conditionsWith(pod, 'True', undefined, nowMs),
  containerStatuses: containerStatuses(pod, { running: { startedAt: timeText(nowMs) } }, true),
});

const finished = (pod: Pod, nowMs: number): Pod['status'] => {
  const failed = pod.metadata.annotations?.[outcomeAnnotation] === 'Failed';
  const terminated = {
    exitCode: failed ? 1 : 0,
    reason: failed ? 'Error' : 'Completed',
    startedAt: pod.status?.startTime,
    finishedAt: timeText(nowMs),
  };
  return {
    ...pod.status,
    phase: failed ? 'Failed' : 'Succeeded',
    conditions: conditionsWith(pod, 'False', failed ? 'PodFailed' : 'PodCompleted', nowMs),
    containerStatuses: containerStatuses(pod, { terminated }, false),
  };
};

/** When the pod was bound, by its PodScheduled condition. */
const boundAtMs = (pod: Pod): number =>
  Date.parse(pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime ?? '') || 0;

const runTimeMs = (pod: Pod): number => {
  const seconds = Number(pod.metadata.annotations?.[runAnnotation]);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : runMs;
};

const update = (pod: Pod, status: Pod['status']) => ({
  actions: [{ do: 'update' as const, type: resources.pods, object: { ...pod, status }, subresource: 'status' as const }],
});

export const kubeletController: Controller = {
  name: 'kubelet',
  watches: [{ type: resources.pods, keysOf: (object) => [keyOf(object)] }],
  reconcile: (view, namespace, name, nowMs) => {
    const pod = view.get<Pod>(resources.pods, namespace, name);
    if (pod?.spec.nodeName === undefined) return settled;
    // Its containers heed the signal at once, whatever grace they have.
    if (pod.metadata.deletionTimestamp !== undefined)
      return { actions: [{ do: 'delete', type: resources.pods, namespace, name, uid: pod.metadata.uid ?? '', gracePeriodSeconds: 0 }] };
    if (!isActive(pod)) return settled;
    if (pod.status?.phase !== 'Running') {
      const waitMs = boundAtMs(pod) + startDelayMs - nowMs;
      return waitMs > 0 ? { actions: [], requeueAfterMs: waitMs } : update(pod, running(pod, nowMs));
    }
    if (pod.spec.restartPolicy === undefined || pod.spec.restartPolicy === 'Always') return settled;
    const waitMs = Date.parse(String(pod.status.startTime)) + runTimeMs(pod) - nowMs;
    return waitMs > 0 ? { actions: [], requeueAfterMs: waitMs } : update(pod, finished(pod, nowMs));
  },
};
