/** @module Deployment: one ReplicaSet a template, moved from old to new within maxSurge and maxUnavailable. */
import { withCondition } from '../../../../shared/kube/condition.ts';
import { hash32 } from '../../../../shared/lib/index.ts';
import { timeText } from '../../../../shared/lib/time-text.ts';
import { type Action, type Controller, keyOf, ownerKeys, resources, settled, statusUpdate } from '../controller.ts';
import { type Condition, controllerRef, type Deployment, type ReplicaSet } from '../objects.ts';
import { deletion } from './replica-set.ts';

const hashLabel = 'pod-template-hash';
const revisionAnnotation = 'deployment.kubernetes.io/revision';
/** Letters that form no words, as Kubernetes' own safe encoding. */
const hashAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** JSON with sorted keys: the same template hashes the same. */
const stableJson = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );

/** Name-safe hash of a pod template. */
export const templateHash = (template: unknown): string => {
  let rest = hash32(stableJson(template));
  let text = '';
  for (let i = 0; i < 9; i++) {
    text += hashAlphabet[rest % hashAlphabet.length];
    rest = i === 4 ? hash32(`${text}/${rest}`) : Math.floor(rest / hashAlphabet.length);
  }
  return text;
};

/** `25%` of `total`, or the number itself. */
const share = (value: number | string | undefined, total: number, round: (n: number) => number): number => {
  if (typeof value === 'number') return value;
  const percent = Number.parseInt(value ?? '25%', 10);
  return Number.isNaN(percent) ? 0 : round((percent * total) / 100);
};

/** How many pods may be above and below the wanted count; both zero would never move, so one may then be missing. */
const rollingBounds = (deployment: Deployment, wanted: number): { surge: number; unavailable: number } => {
  const rolling = deployment.spec.strategy?.rollingUpdate;
  const surge = share(rolling?.maxSurge, wanted, Math.ceil);
  const unavailable = share(rolling?.maxUnavailable, wanted, Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
};

const replicasOf = (set: ReplicaSet): number => set.spec.replicas ?? 1;
const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0;
const sum = (sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number): number => sets.reduce((total, set) => total + of(set), 0);
const revisionOf = (set: ReplicaSet): number => Number(set.metadata.annotations?.[revisionAnnotation] ?? 0);

const newReplicaSet = (deployment: Deployment, hash: string, replicas: number, revision: number): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: `${deployment.metadata.name}-${hash}`,
    namespace: deployment.metadata.namespace ?? 'default',
    labels: { ...deployment.spec.template.metadata?.labels, [hashLabel]: hash },
    annotations: { [revisionAnnotation]: String(revision) },
    ownerReferences: [controllerRef(deployment)],
  },
  spec: {
    replicas,
    selector: { ...deployment.spec.selector, matchLabels: { ...deployment.spec.selector.matchLabels, [hashLabel]: hash } },
    template: {
      ...deployment.spec.template,
      metadata: { ...deployment.spec.template.metadata, labels: { ...deployment.spec.template.metadata?.labels, [hashLabel]: hash } },
    },
  },
});

/** Wanted replicas of the new set and of each old one, one step of the roll-out. */
const nextSizes = (
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): { current: number; old: Map<ReplicaSet, number> } => {
  const wanted = deployment.spec.replicas ?? 1;
  const oldTotal = sum(old, replicasOf);
  const now = current === undefined ? 0 : replicasOf(current);
  if (deployment.spec.strategy?.type === 'Recreate') {
    return { current: sum(old, (set) => set.status?.replicas ?? 0) > 0 ? now : wanted, old: new Map(old.map((set) => [set, 0])) };
  }
  const { surge, unavailable } = rollingBounds(deployment, wanted);
  const grown = now > wanted || oldTotal === 0 ? wanted : Math.min(wanted, Math.max(now, now + wanted + surge - (now + oldTotal)));
  const available = sum(old, availableOf) + (current === undefined ? 0 : availableOf(current));
  let mayGo = Math.max(0, available - (wanted - unavailable));
  const sizes = new Map<ReplicaSet, number>();
  for (const set of [...old].sort((a, b) => revisionOf(a) - revisionOf(b))) {
    const idle = Math.max(0, replicasOf(set) - availableOf(set));
    const gone = Math.min(availableOf(set), replicasOf(set) - idle, mayGo);
    mayGo -= gone;
    sizes.set(set, replicasOf(set) - idle - gone);
  }
  return { current: grown, old: sizes };
};

const conditionsOf = (deployment: Deployment, complete: boolean, enough: boolean, nowMs: number): readonly Condition[] => {
  const name = deployment.metadata.name;
  const available: Condition = enough
    ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  const progressing: Condition = complete
    ? {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: `Deployment "${name}" has successfully progressed.`,
      }
    : { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: `Deployment "${name}" is progressing.` };
  const stamped = (condition: Condition): Condition => {
    const old = deployment.status?.conditions?.find(({ type }) => type === condition.type);
    return {
      ...condition,
      lastUpdateTime: old?.reason === condition.reason && old?.lastUpdateTime !== undefined ? old.lastUpdateTime : timeText(nowMs),
    };
  };
  return withCondition(withCondition(deployment.status?.conditions, stamped(available), nowMs), stamped(progressing), nowMs);
};

const statusOf = (deployment: Deployment, current: ReplicaSet | undefined, sets: readonly ReplicaSet[], nowMs: number): object => {
  const wanted = deployment.spec.replicas ?? 1;
  const total = sum(sets, (set) => set.status?.replicas ?? 0);
  const updated = current?.status?.replicas ?? 0;
  const ready = sum(sets, (set) => set.status?.readyReplicas ?? 0);
  const available = sum(sets, availableOf);
  const missing = Math.max(0, wanted - available);
  const complete = updated === wanted && total === wanted && available === wanted;
  const enough = available >= wanted - rollingBounds(deployment, wanted).unavailable;
  return {
    observedGeneration: deployment.metadata.generation ?? 1,
    ...(total > 0 ? { replicas: total } : {}),
    ...(updated > 0 ? { updatedReplicas: updated } : {}),
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...(available > 0 ? { availableReplicas: available } : {}),
    ...(missing > 0 ? { unavailableReplicas: missing } : {}),
    conditions: conditionsOf(deployment, complete, enough, nowMs),
  };
};

export const deploymentController: Controller = {
  name: 'deployment',
  watches: [
    { type: resources.deployments, keysOf: (object) => [keyOf(object)] },
    { type: resources.replicaSets, keysOf: ownerKeys('Deployment') },
  ],
  reconcile: (view, namespace, name, nowMs) => {
    const deployment = view.get<Deployment>(resources.deployments, namespace, name);
    if (deployment === undefined) return settled;
    const sets = view.owned<ReplicaSet>(resources.replicaSets, deployment);
    const hash = templateHash(deployment.spec.template);
    const current = sets.find((set) => set.metadata.labels?.[hashLabel] === hash);
    const old = sets.filter((set) => set !== current);
    const actions: Action[] = [];
    if (deployment.metadata.deletionTimestamp === undefined && deployment.spec.paused !== true) {
      const sizes = nextSizes(deployment, current, old);
      const revision = sets.reduce((highest, set) => Math.max(highest, revisionOf(set)), 0) + 1;
      if (current === undefined)
        actions.push({ do: 'create', type: resources.replicaSets, object: newReplicaSet(deployment, hash, sizes.current, revision) });
      for (const set of sets) {
        const size = set === current ? sizes.current : (sizes.old.get(set) ?? 0);
        if (size !== replicasOf(set))
          actions.push({ do: 'update', type: resources.replicaSets, object: { ...set, spec: { ...set.spec, replicas: size } } });
      }
      const spent = old
        .filter((set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0)
        .sort((a, b) => revisionOf(a) - revisionOf(b));
      const kept = deployment.spec.revisionHistoryLimit ?? 10;
      for (const set of spent.slice(0, Math.max(0, spent.length - kept))) actions.push(deletion(resources.replicaSets, set));
    }
    // What was just asked of a ReplicaSet shows in its own change, which brings the key back: a status now would be old at once.
    if (actions.length > 0) return { actions };
    return { actions: statusUpdate(resources.deployments, deployment, statusOf(deployment, current, sets, nowMs)) };
  },
};
