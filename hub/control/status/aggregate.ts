/** @module The status of an object on the hub, made of what its members say, each kind in its own terms. Pure. */
import { bag, bags } from '../kinds.ts';
import {
  bagOf,
  conditionOf,
  messagesOf,
  numberOf,
  observedGeneration,
  type Part,
  sumField,
  sumFields,
  timed,
  type Whole,
  type WorkloadCondition,
} from './parts.ts';

/** A status as JSON. */
export type StatusObject = { readonly [field: string]: unknown };
type Aggregator = (whole: Whole, parts: readonly Part[]) => StatusObject;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const isTrue = (part: Part, type: string): boolean => conditionOf(part, type)?.status === 'True';
const isFalse = (part: Part, type: string): boolean => conditionOf(part, type)?.status === 'False';
const replicasOf = (whole: Whole): number => (typeof whole.spec.replicas === 'number' ? whole.spec.replicas : 1);

/** Everything that runs, also where it is about to end. */
const running = ({ leaving }: Whole, parts: readonly Part[]): readonly Part[] => [...parts, ...leaving];

/** Available: every member that has replicas says so and none is left unplaced; or enough run while they move from one cluster to another. */
const availability = (whole: Whole, parts: readonly Part[]): WorkloadCondition => {
  const lacking = parts.filter((part) => !isTrue(part, 'Available'));
  const isBridged = whole.leaving.length > 0 && sumField(running(whole, parts), 'availableReplicas') >= replicasOf(whole);
  if (isBridged || (whole.unplaced === 0 && lacking.length === 0 && (parts.length > 0 || replicasOf(whole) === 0))) {
    return { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' };
  }
  const why = [
    ...(whole.unplaced > 0 ? [`${whole.unplaced} unplaced`] : []),
    ...(lacking.length > 0 ? [`not available in ${lacking.map(({ cluster }) => cluster).join(', ')}`] : []),
  ];
  return {
    type: 'Available',
    status: 'False',
    reason: 'MinimumReplicasUnavailable',
    message: `Deployment does not have minimum availability${why.length === 0 ? '.' : `: ${why.join('; ')}`}`,
  };
};

/** Progressing: a member that gave up fails the whole; complete when all pods are updated and available. */
const progress = (whole: Whole, parts: readonly Part[]): WorkloadCondition => {
  const stuck = parts.filter((part) => isFalse(part, 'Progressing'));
  if (stuck.length > 0) {
    return { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: messagesOf(stuck, 'Progressing') };
  }
  const complete =
    whole.isCurrent &&
    whole.unplaced === 0 &&
    parts.every(
      (part) =>
        numberOf(part, 'updatedReplicas') === numberOf(part, 'replicas') &&
        numberOf(part, 'availableReplicas') === numberOf(part, 'replicas'),
    );
  return complete
    ? {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: 'Deployment has successfully progressed in every cluster.',
      }
    : { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: 'Deployment is progressing.' };
};

const deployment: Aggregator = (whole, parts) => {
  const failing = parts.filter((part) => isTrue(part, 'ReplicaFailure'));
  const conditions: WorkloadCondition[] = [
    timed(whole, availability(whole, parts), ['lastUpdateTime']),
    timed(whole, progress(whole, parts), ['lastUpdateTime']),
    ...(failing.length === 0
      ? []
      : [
          timed(whole, { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: messagesOf(failing, 'ReplicaFailure') }, [
            'lastUpdateTime',
          ]),
        ]),
  ];
  return {
    ...observedGeneration(whole),
    ...sumFields(running(whole, parts), ['replicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas', 'terminatingReplicas']),
    // What is about to end is not what the hub wants now.
    ...sumFields(parts, ['updatedReplicas']),
    conditions,
  };
};

const replicaSet: Aggregator = (whole, parts) => ({
  ...observedGeneration(whole),
  ...sumFields(running(whole, parts), ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], ['replicas']),
});

/** The members' revisions have names of their own; what counts is whether each has finished its update. */
const statefulSet: Aggregator = (whole, parts) => {
  const updating = parts.filter((part) => text(part.status?.currentRevision) !== text(part.status?.updateRevision));
  const update = text(parts[0]?.status?.updateRevision);
  const current = updating.length === 0 ? update : text(updating[0]?.status?.currentRevision);
  return {
    ...observedGeneration(whole),
    ...sumFields(running(whole, parts), ['replicas', 'readyReplicas', 'availableReplicas'], ['replicas', 'availableReplicas']),
    ...sumFields(parts, ['currentReplicas', 'updatedReplicas']),
    ...(update === '' ? {} : { updateRevision: update, currentRevision: current }),
    collisionCount: 0,
  };
};

const daemonSetCounts = ['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady'];
const daemonSet: Aggregator = (whole, parts) => ({
  ...observedGeneration(whole),
  ...sumFields(parts, [...daemonSetCounts, 'updatedNumberScheduled', 'numberAvailable', 'numberUnavailable'], daemonSetCounts),
});

const times = (parts: readonly Part[], field: string): string[] =>
  parts.flatMap((part) => (text(part.status?.[field]) === '' ? [] : [text(part.status?.[field])])).sort();

/** Complete when every member's part is, failed when one is; both as the Job's own conditions say. */
const jobConditions = (whole: Whole, parts: readonly Part[]): WorkloadCondition[] => {
  const stamp = (condition: WorkloadCondition): WorkloadCondition => timed(whole, condition, ['lastProbeTime']);
  const failed = parts.filter((part) => isTrue(part, 'Failed'));
  if (failed.length > 0) {
    return [
      stamp({
        type: 'Failed',
        status: 'True',
        reason: text(conditionOf(failed[0] ?? emptyPart, 'Failed')?.reason) || 'Failed',
        message: messagesOf(failed, 'Failed'),
      }),
    ];
  }
  if (parts.length > 0 && whole.unplaced === 0 && whole.isCurrent && parts.every((part) => isTrue(part, 'Complete'))) {
    const reached: WorkloadCondition = {
      type: 'SuccessCriteriaMet',
      status: 'True',
      reason: 'CompletionsReached',
      message: 'Reached expected number of succeeded pods',
    };
    return [stamp(reached), stamp({ ...reached, type: 'Complete' })];
  }
  const suspended = parts.filter((part) => isTrue(part, 'Suspended'));
  if (parts.length === 0 || suspended.length < parts.length) return [];
  return [stamp({ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' })];
};
const emptyPart: Part = { cluster: '', status: undefined, isCurrent: false };

/** Indexes of a Job that is whole in one cluster; copies of it in several each have their own. */
const indexesOf = ([part, ...others]: readonly Part[]): StatusObject => {
  const { completedIndexes, failedIndexes } = bag(others.length === 0 ? part?.status : undefined);
  return {
    ...(text(completedIndexes) === '' ? {} : { completedIndexes }),
    ...(text(failedIndexes) === '' ? {} : { failedIndexes }),
  };
};

const job: Aggregator = (whole, parts) => {
  const conditions = jobConditions(whole, parts);
  const started = times(parts, 'startTime')[0];
  const ended = times(parts, 'completionTime').at(-1);
  const isComplete = conditions.some(({ type }) => type === 'Complete');
  return {
    ...sumFields(parts, ['active', 'succeeded', 'failed', 'terminating', 'ready']),
    ...indexesOf(parts),
    ...(started === undefined ? {} : { startTime: started }),
    ...(isComplete && ended !== undefined ? { completionTime: ended } : {}),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
};

const cronJob: Aggregator = (_, parts) => {
  const [scheduled, succeeded] = [times(parts, 'lastScheduleTime').at(-1), times(parts, 'lastSuccessfulTime').at(-1)];
  return {
    ...(scheduled === undefined ? {} : { lastScheduleTime: scheduled }),
    ...(succeeded === undefined ? {} : { lastSuccessfulTime: succeeded }),
  };
};

/** Service and Ingress: every address that a member gave out, each once. */
const loadBalancer: Aggregator = (_, parts) => {
  const seen = new Map<string, StatusObject>();
  for (const part of parts)
    for (const entry of bags(bagOf(part, 'loadBalancer').ingress)) seen.set(`${text(entry.ip)}/${text(entry.hostname)}`, entry);
  return { loadBalancer: seen.size === 0 ? {} : { ingress: [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry) } };
};

/** Lost when one copy is, Bound when all are, else Pending. */
const claim: Aggregator = (_, parts) => {
  const phases = parts.map((part) => text(part.status?.phase) || 'Pending');
  const phase = phases.includes('Lost') ? 'Lost' : phases.length > 0 && phases.every((one) => one === 'Bound') ? 'Bound' : 'Pending';
  const bound = parts.find((part) => part.status?.phase === 'Bound');
  const [modes, capacity] = [bound?.status?.accessModes, bag(bound?.status?.capacity)];
  return { phase, ...(Array.isArray(modes) ? { accessModes: modes } : {}), ...(Object.keys(capacity).length === 0 ? {} : { capacity }) };
};

/** A Pod is in one cluster: its status is that one's. */
const pod: Aggregator = (_, parts) => parts.find((part) => part.status !== undefined)?.status ?? { phase: 'Pending' };

const budget: Aggregator = (whole, parts) => ({
  ...observedGeneration(whole),
  ...sumFields(
    parts,
    ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'],
    ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'],
  ),
});

const aggregators: Readonly<Record<string, Aggregator>> = {
  'apps/Deployment': deployment,
  'apps/ReplicaSet': replicaSet,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'batch/Job': job,
  'batch/CronJob': cronJob,
  '/Service': loadBalancer,
  'networking.k8s.io/Ingress': loadBalancer,
  '/PersistentVolumeClaim': claim,
  '/Pod': pod,
  'policy/PodDisruptionBudget': budget,
};

/** Kinds of others: one cluster's status is the status; several are counted in a condition, and `replicas` are summed where they are. */
const foreign: Aggregator = (whole, parts) => {
  const [only] = parts;
  if (parts.length === 1 && only?.status !== undefined) {
    return 'observedGeneration' in only.status ? { ...only.status, ...observedGeneration(whole) } : only.status;
  }
  const reporting = parts.filter((part) => part.status !== undefined);
  const isReady = parts.length > 0 && parts.every((part) => isTrue(part, 'Ready') || isTrue(part, 'Available'));
  const condition: WorkloadCondition = {
    type: 'Ready',
    status: isReady ? 'True' : 'False',
    reason: isReady ? 'ReadyInAllClusters' : 'NotReadyInAllClusters',
    message: parts
      .map((part) => `${part.cluster}: ${isTrue(part, 'Ready') || isTrue(part, 'Available') ? 'ready' : 'not ready'}`)
      .join('; '),
  };
  return {
    ...(reporting.some((part) => 'replicas' in (part.status ?? {})) ? { replicas: sumField(parts, 'replicas') } : {}),
    conditions: [timed(whole, condition)],
  };
};

/** The status of an object of this kind (`apps/Deployment`) from the parts of the clusters it is placed in, sorted by name. */
export const aggregateStatus = (groupKind: string, whole: Whole, parts: readonly Part[]): StatusObject => {
  const aggregator = Object.hasOwn(aggregators, groupKind) ? aggregators[groupKind] : undefined;
  return (aggregator ?? foreign)(whole, parts);
};
