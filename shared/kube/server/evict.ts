/** @module POST of `pods/eviction`: deletes a pod when its PodDisruptionBudget lets it (kubernetes `registry/core/pod/storage/eviction.go`). */
import type { KubeObject } from '../object.ts';
import { conform, isObject } from '../schema/index.ts';
import { matchesLabels, selectorFromObject } from '../selectors/index.ts';
import { StatusError } from '../status-error.ts';
import { prefixOf, type Stored } from '../storage/index.ts';
import { type Body, type Call, keyFor } from './call.ts';
import { commitOne, type ServerContext } from './context.ts';
import { parseBody } from './decode.ts';
import { removeBy } from './delete.ts';
import { deletePlan } from './delete-options.ts';
import { badRequest, conflict, notFound } from './errors.ts';
import type { Result } from './result.ts';

const EVICTION = 'io.k8s.api.policy.v1.Eviction';
const RETRY_SECONDS = 10;

type Budget = {
  readonly generation: number;
  readonly observedGeneration: number;
  readonly allowed: number;
  readonly desired: number;
  readonly current: number;
};

/** Evicts the pod. Throws 404, 400 when the Eviction names another pod, 429 when a budget holds the pod. */
export const evictPod = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const { value } = parseBody(body);
  const { object, fault } = conform(server.schemas().node(EVICTION), isObject(value) ? value : {});
  if (fault !== undefined) throw badRequest(fault);
  const { metadata, deleteOptions = {} } = object as { metadata?: { name?: string }; deleteOptions?: object };
  if (metadata?.name !== call.name) throw badRequest('name in URL does not match name in Eviction object');
  const stored = server.store.get(keyFor(call.type, call.namespace, call.name));
  if (stored === undefined) throw notFound(call.type, call.name);
  const options = { ...deleteOptions, ...(call.query.has('dryRun') ? { dryRun: call.query.getAll('dryRun') } : {}) };
  const plan = deletePlan(server, call, { kind: 'value', contentType: 'application/json', value: options });
  if (!isFree(stored.object)) await spend(server, call, stored.object, plan.dryRun);
  await removeBy(server, { ...call, subresource: '' }, plan);
  return { kind: 'status', status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
};

/** Pods that do no work count for no budget. */
const isFree = (pod: KubeObject): boolean => {
  const { phase = '' } = (pod['status'] ?? {}) as { phase?: string };
  return ['Succeeded', 'Failed', 'Pending'].includes(phase) || pod.metadata.deletionTimestamp !== undefined;
};

/** Takes one disruption from the pod's budget. */
const spend = async (server: ServerContext, call: Call, pod: KubeObject, dryRun: boolean): Promise<void> => {
  const budgets = server.store.list(prefixOf('policy', 'poddisruptionbudgets', call.namespace)).filter(({ object }) => covers(object, pod));
  const [stored, second] = budgets;
  if (stored === undefined) return;
  if (second !== undefined)
    throw new StatusError(
      500,
      'InternalError',
      'Internal error occurred: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      { causes: [{ message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.' }] },
    );
  const { name } = stored.object.metadata;
  const budget = budgetOf(stored);
  if (budget.observedGeneration < budget.generation) throw held(`The disruption budget ${name} is still being processed by the server.`);
  if (budget.allowed <= 0)
    throw held(`The disruption budget ${name} needs ${budget.desired} healthy pods and has ${budget.current} currently`);
  if (dryRun) return;
  const status = { ...(stored.object['status'] as object), disruptionsAllowed: budget.allowed - 1 };
  const object = { ...stored.object, status };
  const written = await commitOne(server, { op: 'put', key: stored.key, expected: stored.revision, object, by: call.user.name });
  if (written === 'conflict' || written === 'gone') throw conflict(call.type, call.name);
};

const covers = (budget: KubeObject, pod: KubeObject): boolean => {
  const { selector } = (budget['spec'] ?? {}) as { selector?: Parameters<typeof selectorFromObject>[0] };
  const read = selectorFromObject(selector);
  return read.ok && matchesLabels(read.value, pod.metadata.labels);
};

const budgetOf = ({ object }: Stored): Budget => {
  const status = (object['status'] ?? {}) as Readonly<Record<string, number | undefined>>;
  return {
    generation: object.metadata.generation ?? 0,
    observedGeneration: status['observedGeneration'] ?? 0,
    allowed: status['disruptionsAllowed'] ?? 0,
    desired: status['desiredHealthy'] ?? 0,
    current: status['currentHealthy'] ?? 0,
  };
};

const held = (cause: string): StatusError =>
  new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: cause }],
    retryAfterSeconds: RETRY_SECONDS,
  });
