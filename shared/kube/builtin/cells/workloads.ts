/** @module Rows of what runs pods: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob, HPA, PDB (kubernetes `printers.go`). */

import { isCondition } from '../../conditions.ts';
import type { KubeObject } from '../../object.ts';
import type { TableCells } from '../../resource.ts';
import { labelSelectorCell, labelSelectorText, selectorFromObject } from '../../selectors/index.ts';
import { at, hasAt, isTrueAt, listAt, numberAt, objectAt, textAt } from '../read.ts';
import { ageCell, amountCell, containerCells, humanDuration, labelsCell, sinceCell, timeMs } from './common.ts';

const templateSpec = (object: KubeObject): unknown => at(object, 'spec', 'template', 'spec');

const selectorOf = (object: unknown, ...path: readonly string[]): object | undefined =>
  hasAt(object, ...path) ? objectAt(object, ...path) : undefined;

const selectorText = (selector: object | undefined): string => {
  const parsed = selectorFromObject(selector);
  return parsed.ok ? labelSelectorText(parsed.value) : '<invalid>';
};

export const deploymentCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  `${numberAt(object, 'status', 'readyReplicas')}/${numberAt(object, 'spec', 'replicas')}`,
  numberAt(object, 'status', 'updatedReplicas'),
  numberAt(object, 'status', 'availableReplicas'),
  ageCell(object, nowMs),
  ...containerCells(templateSpec(object)),
  selectorText(selectorOf(object, 'spec', 'selector')),
];

const replicaCells = (object: KubeObject, nowMs: number): (string | number)[] => [
  object.metadata.name,
  numberAt(object, 'spec', 'replicas'),
  numberAt(object, 'status', 'replicas'),
  numberAt(object, 'status', 'readyReplicas'),
  ageCell(object, nowMs),
  ...containerCells(templateSpec(object)),
];

export const replicaSetCells: TableCells = (object, nowMs) => [
  ...replicaCells(object, nowMs),
  labelSelectorCell(selectorOf(object, 'spec', 'selector')),
];

export const replicationControllerCells: TableCells = (object, nowMs) => [
  ...replicaCells(object, nowMs),
  labelsCell(at(object, 'spec', 'selector')),
];

export const statefulSetCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  `${numberAt(object, 'status', 'readyReplicas')}/${numberAt(object, 'spec', 'replicas')}`,
  ageCell(object, nowMs),
  ...containerCells(templateSpec(object)),
];

export const daemonSetCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  numberAt(object, 'status', 'desiredNumberScheduled'),
  numberAt(object, 'status', 'currentNumberScheduled'),
  numberAt(object, 'status', 'numberReady'),
  numberAt(object, 'status', 'updatedNumberScheduled'),
  numberAt(object, 'status', 'numberAvailable'),
  labelsCell(at(object, 'spec', 'template', 'spec', 'nodeSelector')),
  ageCell(object, nowMs),
  ...containerCells(templateSpec(object)),
  labelSelectorCell(selectorOf(object, 'spec', 'selector')),
];

const jobStatus = (job: KubeObject): string => {
  if (isCondition(job, 'Complete')) return 'Complete';
  if (isCondition(job, 'Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find((type) => isCondition(job, type)) ?? 'Running';
};

const jobCompletions = (job: KubeObject): string => {
  const succeeded = numberAt(job, 'status', 'succeeded');
  if (hasAt(job, 'spec', 'completions')) return `${succeeded}/${numberAt(job, 'spec', 'completions')}`;
  const parallelism = numberAt(job, 'spec', 'parallelism');
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
};

const jobDuration = (job: KubeObject, nowMs: number): string => {
  const started = timeMs(textAt(job, 'status', 'startTime'));
  if (started === undefined) return '';
  return humanDuration((timeMs(textAt(job, 'status', 'completionTime')) ?? nowMs) - started);
};

export const jobCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  jobStatus(object),
  jobCompletions(object),
  jobDuration(object, nowMs),
  ageCell(object, nowMs),
  ...containerCells(templateSpec(object)),
  labelSelectorCell(selectorOf(object, 'spec', 'selector')),
];

const jobTemplate = ['spec', 'jobTemplate', 'spec'] as const;

export const cronJobCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'spec', 'schedule'),
  amountCell(at(object, 'spec', 'timeZone'), '<none>'),
  hasAt(object, 'spec', 'suspend') ? (isTrueAt(object, 'spec', 'suspend') ? 'True' : 'False') : '<unset>',
  listAt(object, 'status', 'active').length,
  hasAt(object, 'status', 'lastScheduleTime') ? sinceCell(at(object, 'status', 'lastScheduleTime'), nowMs) : '<none>',
  ageCell(object, nowMs),
  ...containerCells(at(object, ...jobTemplate, 'template', 'spec')),
  labelSelectorCell(selectorOf(object, ...jobTemplate, 'selector')),
];

export const disruptionBudgetCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  amountCell(at(object, 'spec', 'minAvailable'), 'N/A'),
  amountCell(at(object, 'spec', 'maxUnavailable'), 'N/A'),
  numberAt(object, 'status', 'disruptionsAllowed'),
  ageCell(object, nowMs),
];

export const controllerRevisionCells: TableCells = (object, nowMs) => {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  const group = owner?.apiVersion.includes('/') === true ? `.${owner.apiVersion.split('/')[0]}` : '';
  return [
    object.metadata.name,
    owner === undefined ? '<none>' : `${`${owner.kind}${group}`.toLowerCase()}/${owner.name}`,
    numberAt(object, 'revision'),
    ageCell(object, nowMs),
  ];
};
