/** @module The row of a Pod: ready containers, one word for its state, restarts (kubernetes `printPod`). */
import { isCondition } from '../../conditions.ts';
import type { KubeObject } from '../../object.ts';
import type { TableCells } from '../../resource.ts';
import { at, hasAt, isTrueAt, listAt, numberAt, textAt } from '../read.ts';
import { ageCell, containerCells, labelsCell, orNone, sinceCell, timeMs } from './common.ts';

/** What the walk over container statuses finds. */
type Tally = { reason: string; ready: number; restarts: number; lastRestart: string };

const later = (a: string, b: string): string => ((timeMs(b) ?? 0) > (timeMs(a) ?? 0) ? b : a);

const isRestartable = (pod: KubeObject, name: string): boolean =>
  listAt(pod, 'spec', 'initContainers').some((one) => textAt(one, 'name') === name && textAt(one, 'restartPolicy') === 'Always');

const exitText = (terminated: unknown): string => {
  const reason = textAt(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = numberAt(terminated, 'signal');
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${numberAt(terminated, 'exitCode')}`;
};

/** The word for an init container that holds the pod up; undefined when it is done or running beside. */
const initReason = (pod: KubeObject, status: unknown, index: number): string | undefined => {
  const terminated = at(status, 'state', 'terminated');
  if (terminated !== undefined && numberAt(terminated, 'exitCode') === 0) return undefined;
  if (isRestartable(pod, textAt(status, 'name')) && isTrueAt(status, 'started')) return undefined;
  if (terminated !== undefined) return `Init:${exitText(terminated)}`;
  const waiting = textAt(status, 'state', 'waiting', 'reason');
  if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`;
  return `Init:${index}/${listAt(pod, 'spec', 'initContainers').length}`;
};

const walkInitContainers = (pod: KubeObject, tally: Tally): { initializing: boolean; beside: Tally } => {
  const beside: Tally = { ...tally };
  for (const [index, status] of listAt(pod, 'status', 'initContainerStatuses').entries()) {
    const finished = textAt(status, 'lastState', 'terminated', 'finishedAt');
    tally.restarts += numberAt(status, 'restartCount');
    tally.lastRestart = later(tally.lastRestart, finished);
    const restartable = isRestartable(pod, textAt(status, 'name'));
    if (restartable) {
      beside.restarts += numberAt(status, 'restartCount');
      beside.lastRestart = later(beside.lastRestart, finished);
    }
    const reason = initReason(pod, status, index);
    if (reason !== undefined) {
      tally.reason = reason;
      return { initializing: true, beside };
    }
    const done = hasAt(status, 'state', 'terminated') && numberAt(status, 'state', 'terminated', 'exitCode') === 0;
    if (!done && restartable && isTrueAt(status, 'ready')) tally.ready += 1;
  }
  return { initializing: false, beside };
};

const walkContainers = (pod: KubeObject, tally: Tally): void => {
  let running = false;
  let errorReason = '';
  for (const status of [...listAt(pod, 'status', 'containerStatuses')].reverse()) {
    tally.restarts += numberAt(status, 'restartCount');
    tally.lastRestart = later(tally.lastRestart, textAt(status, 'lastState', 'terminated', 'finishedAt'));
    const waiting = textAt(status, 'state', 'waiting', 'reason');
    const terminated = at(status, 'state', 'terminated');
    if (waiting !== '') tally.reason = waiting;
    else if (terminated !== undefined) {
      tally.reason = exitText(terminated);
      if (numberAt(terminated, 'exitCode') !== 0) errorReason = tally.reason;
    } else if (isTrueAt(status, 'ready') && hasAt(status, 'state', 'running')) {
      running = true;
      tally.ready += 1;
    }
  }
  if (tally.reason !== 'Completed') return;
  if (running && isCondition(pod, 'Ready')) tally.reason = 'Running';
  else if (errorReason !== '') tally.reason = errorReason;
  else if (running) tally.reason = 'NotReady';
};

const firstReason = (pod: KubeObject): string => {
  const gated = listAt(pod, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'PodScheduled' && textAt(condition, 'reason') === 'SchedulingGated',
  );
  if (gated) return 'SchedulingGated';
  return textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase');
};

const deletedReason = (pod: KubeObject, reason: string): string => {
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (textAt(pod, 'status', 'reason') === 'NodeLost') return 'Unknown';
  return ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase')) ? reason : 'Terminating';
};

const readinessGates = (pod: KubeObject): string => {
  const gates = listAt(pod, 'spec', 'readinessGates');
  if (gates.length === 0) return '<none>';
  return `${gates.filter((gate) => isCondition(pod, textAt(gate, 'conditionType'))).length}/${gates.length}`;
};

/** Name, ready/total, status, restarts, age; wide: IP, node, nominated node, readiness gates. */
export const podCells: TableCells = (pod, nowMs) => {
  const beside = listAt(pod, 'spec', 'initContainers').filter((one) => textAt(one, 'restartPolicy') === 'Always').length;
  const total = listAt(pod, 'spec', 'containers').length + beside;
  const tally: Tally = { reason: firstReason(pod), ready: 0, restarts: 0, lastRestart: '' };
  const init = walkInitContainers(pod, tally);
  if (!init.initializing || isCondition(pod, 'Initialized')) {
    tally.restarts = init.beside.restarts;
    tally.lastRestart = init.beside.lastRestart;
    walkContainers(pod, tally);
  }
  const ago = tally.restarts !== 0 && tally.lastRestart !== '' ? ` (${sinceCell(tally.lastRestart, nowMs)} ago)` : '';
  return [
    pod.metadata.name,
    `${tally.ready}/${total}`,
    deletedReason(pod, tally.reason),
    `${tally.restarts}${ago}`,
    ageCell(pod, nowMs),
    orNone(textAt(pod, 'status', 'podIPs', 0, 'ip')),
    orNone(textAt(pod, 'spec', 'nodeName')),
    orNone(textAt(pod, 'status', 'nominatedNodeName')),
    readinessGates(pod),
  ];
};

/** Name, containers, images, labels of the template. */
export const podTemplateCells: TableCells = (object) => [
  object.metadata.name,
  ...containerCells(at(object, 'template', 'spec')),
  labelsCell(at(object, 'template', 'metadata', 'labels')),
];
