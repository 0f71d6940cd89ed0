/** @module The indexes of an Indexed Job (kubernetes `pkg/controller/job/indexed_job_utils.go`): which pod does which, and which are done. */
import type { KubeObject } from '../../../../shared/kube/object.ts';
import { type Container, isActive, type Job, type Pod } from '../objects.ts';
import { podFromTemplate } from './replica-set.ts';

/** Annotation and label by which a pod says its index. */
export const indexKey = 'batch.kubernetes.io/job-completion-index';

export const isIndexed = ({ spec }: Job): boolean => spec.completionMode === 'Indexed';

/** The index of a pod; undefined when it has none. */
const indexOf = (pod: Pod): number | undefined => {
  const text = pod.metadata.annotations?.[indexKey];
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
};

/** `0-2,5` as numbers. */
const indexesIn = (text: string): number[] =>
  text.split(',').flatMap((part) => {
    const [first = '', last = first] = part.split('-');
    if (first === '') return [];
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => Number(first) + at);
  });

/** Numbers in rising order as `0-2,5`; two that follow each other are `0,1`. */
const indexText = (indexes: readonly number[]): string => {
  const runs: number[][] = [];
  for (const index of indexes) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === index - 1) run.push(index);
    else runs.push([index]);
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}-${run.at(-1)}` : run.join())).join();
};

/** Indexes that are done, in rising order: those that the status knows, whose pods may be gone, and those of pods that succeeded. */
const doneIndexes = (job: Job, pods: readonly Pod[]): number[] => {
  const completions = job.spec.completions ?? 0;
  const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded').flatMap((pod) => indexOf(pod) ?? []);
  const done = new Set([...indexesIn(String(job.status?.completedIndexes ?? '')), ...succeeded]);
  return [...done].filter((index) => index < completions).sort((a, b) => a - b);
};

/** What of the Job is done: how many indexes, and which as its status says them. */
export const indexesDone = (job: Job, pods: readonly Pod[]): { readonly count: number; readonly text: string } => {
  const done = doneIndexes(job, pods);
  return { count: done.length, text: indexText(done) };
};

/** The lowest indexes that are neither done nor worked on, so many at the most. */
const nextIndexes = (job: Job, pods: readonly Pod[], count: number): number[] => {
  const taken = new Set([...doneIndexes(job, pods), ...pods.filter(isActive).flatMap((pod) => indexOf(pod) ?? [])]);
  const next: number[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && next.length < count; index++) if (!taken.has(index)) next.push(index);
  return next;
};

const indexVariable = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath: `metadata.labels['${indexKey}']` } } };

const withIndexVariable = (container: Container): Container =>
  container.env?.some(({ name }) => name === indexVariable.name) === true
    ? container
    : { ...container, env: [...(container.env ?? []), indexVariable] };

const podWithIndex = (job: Job, index: number): KubeObject => {
  const { spec } = job.spec.template;
  const name = `${job.metadata.name}-${index}`;
  const pod = podFromTemplate(job, job.spec.template, { generateName: `${name}-` });
  const mark = { [indexKey]: String(index) };
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...mark }, annotations: { ...pod.metadata.annotations, ...mark } },
    spec: {
      ...spec,
      hostname: name,
      containers: spec.containers.map(withIndexVariable),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withIndexVariable) }),
    },
  };
};

/** The next pods of an Indexed Job, so many at the most. */
export const nextIndexedPods = (job: Job, pods: readonly Pod[], count: number): KubeObject[] =>
  nextIndexes(job, pods, count).map((index) => podWithIndex(job, index));
