/** @module Job and CronJob (kubernetes `apis/batch/validation`, `registry/batch/job`). */
import { type Fault, invalid, notSupported, required } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { matchesLabels, selectorFromObject, validateLabelSelector } from '../../selectors/index.ts';
import { labelsFromTemplate } from '../defaults/pods.ts';
import type { KindParts } from '../kind.ts';
import { at, hasAt, isTrueAt, type Json, numberAt, objectAt, textAt, textsAt, withAt } from '../read.ts';
import { scheduleFault } from '../validate/cron.ts';
import { sameValue } from '../validate/equal.ts';
import { nonNegative, unchanged } from '../validate/numbers.ts';
import { podTemplateFaults } from '../validate/pod-spec.ts';
import { podSpecWarnings } from '../validate/pod-warnings.ts';

const uidLabel = 'batch.kubernetes.io/controller-uid';
const nameLabel = 'batch.kubernetes.io/job-name';
const oldUidLabel = 'controller-uid';
const oldNameLabel = 'job-name';
const cronNameLengthMax = 52;
const parallelismMax = 100_000;

const numbers = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
];

const modeFaults = (spec: Json, field: string): Fault[] => {
  const mode = textAt(spec, 'completionMode') || 'NonIndexed';
  if (mode !== 'NonIndexed' && mode !== 'Indexed') return [notSupported(`${field}.completionMode`, mode, ['NonIndexed', 'Indexed'])];
  if (mode === 'NonIndexed') {
    return ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy']
      .filter((name) => hasAt(spec, name))
      .map((name) => invalid(`${field}.${name}`, at(spec, name), 'requires indexed completion mode'));
  }
  const faults: Fault[] = hasAt(spec, 'completions') ? [] : [required(`${field}.completions`, 'when completion mode is Indexed')];
  if (numberAt(spec, 'parallelism') > parallelismMax) {
    const text = `must be less than or equal to ${parallelismMax} when completion mode is Indexed`;
    faults.push(invalid(`${field}.parallelism`, numberAt(spec, 'parallelism'), text));
  }
  return faults;
};

const restartFaults = (spec: Json, field: string): Fault[] => {
  const restart = textAt(spec, 'template', 'spec', 'restartPolicy');
  const path = `${field}.template.spec.restartPolicy`;
  if (restart === '' || restart === 'Always') return [required(path, 'valid values: "OnFailure", "Never"')];
  if (restart !== 'OnFailure' && restart !== 'Never') return [notSupported(path, restart, ['OnFailure', 'Never'])];
  const isLimited = hasAt(spec, 'podFailurePolicy') && restart !== 'Never';
  return isLimited ? [invalid(path, restart, 'only "Never" is supported when podFailurePolicy is specified')] : [];
};

const jobSpecFaults = (spec: Json, field: string): Fault[] => [
  ...nonNegative(spec, field, ...numbers),
  ...modeFaults(spec, field),
  ...podTemplateFaults(at(spec, 'template'), `${field}.template`),
  ...restartFaults(spec, field),
];

const selectorFaults = (job: KubeObject): Fault[] => {
  if (!hasAt(job, 'spec', 'selector')) return [required('spec.selector')];
  const selector = objectAt(job, 'spec', 'selector');
  const faults = validateLabelSelector(selector, 'spec.selector');
  const parsed = selectorFromObject(selector);
  const labels = at(job, 'spec', 'template', 'metadata', 'labels');
  if (parsed.ok && !matchesLabels(parsed.value, textsAt(labels))) {
    faults.push(invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`'));
  }
  return faults;
};

/** The labels that a Job without a selector of its own puts on its pods. */
const generatedLabels = (job: KubeObject): Record<string, string> => ({
  [oldNameLabel]: job.metadata.name,
  [nameLabel]: job.metadata.name,
  [oldUidLabel]: job.metadata.uid ?? '',
  [uidLabel]: job.metadata.uid ?? '',
});

const generatedFaults = (job: KubeObject): Fault[] => {
  if (isTrueAt(job, 'spec', 'manualSelector') || !hasAt(job, 'spec', 'selector')) return [];
  const labels = textsAt(job, 'spec', 'template', 'metadata', 'labels');
  const faults = Object.entries(generatedLabels(job)).flatMap(([key, value]) => {
    const field = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) return [required(field, `must be '${value}'`)];
    return labels[key] === value ? [] : [invalid('spec.template.metadata.labels', labels, `must be '${value}'`)];
  });
  const parsed = selectorFromObject(objectAt(job, 'spec', 'selector'));
  const isOwn = parsed.ok && matchesLabels(parsed.value, generatedLabels(job));
  return isOwn ? faults : [...faults, invalid('spec.selector', at(job, 'spec', 'selector'), '`selector` not auto-generated')];
};

/** Gives the Job a selector and its pods labels by uid and name, unless its author does so. */
const withSelector = (job: KubeObject): KubeObject => {
  if (isTrueAt(job, 'spec', 'manualSelector')) return job;
  const labels = { ...generatedLabels(job), ...textsAt(job, 'spec', 'template', 'metadata', 'labels') };
  const selector = objectAt(job, 'spec', 'selector');
  const matchLabels = { [uidLabel]: job.metadata.uid ?? '', ...textsAt(selector, 'matchLabels') };
  const labelled = withAt(job, ['spec', 'template', 'metadata', 'labels'], labels);
  return withAt(labelled, ['spec', 'selector'], { ...selector, matchLabels });
};

const validateJobUpdate = (job: KubeObject, old: KubeObject): Fault[] => {
  const spec = objectAt(job, 'spec');
  const before = objectAt(old, 'spec');
  const isIndexed = textAt(spec, 'completionMode') === 'Indexed';
  const isSuspended = isTrueAt(before, 'suspend');
  const same = (...names: string[]): Fault[] => names.flatMap((name) => unchanged(spec, before, `spec.${name}`, sameValue, name));
  return [
    ...(isIndexed ? [] : same('completions')),
    ...same('selector'),
    ...(isSuspended ? [] : same('template')),
    ...same('completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'),
  ];
};

const zoneFaults = (spec: Json): Fault[] => {
  const zone = at(spec, 'timeZone') ?? undefined;
  if (typeof zone !== 'string') return [];
  if (zone === '') return [invalid('spec.timeZone', zone, 'timeZone must be nil or non-empty string')];
  const isReadable = zone
    .split('/')
    .every((part) => /^[A-Za-z0-9._+-]{1,14}$/.test(part) && part !== '.' && part !== '..' && !part.startsWith('-'));
  if (!isReadable) return [invalid('spec.timeZone', zone, `unknown time zone ${zone}`)];
  if (zone.toLowerCase() !== 'local') return [];
  const text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  return [invalid('spec.timeZone', zone, text)];
};

const scheduleFaults = (spec: Json): Fault[] => {
  const schedule = textAt(spec, 'schedule');
  if (schedule === '') return [required('spec.schedule')];
  const fault = scheduleFault(schedule);
  const faults = fault === undefined ? [] : [invalid('spec.schedule', schedule, fault)];
  if (schedule.includes('TZ'))
    faults.push(invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  return faults;
};

const validateCronJob = (object: KubeObject): Fault[] => {
  const spec = objectAt(object, 'spec');
  const policies = ['Allow', 'Forbid', 'Replace'];
  const policy = textAt(spec, 'concurrencyPolicy');
  const isLong = object.metadata.name.length > cronNameLengthMax;
  return [
    ...scheduleFaults(spec),
    ...nonNegative(spec, 'spec', 'startingDeadlineSeconds'),
    ...zoneFaults(spec),
    ...(policies.includes(policy) ? [] : [notSupported('spec.concurrencyPolicy', policy, policies)]),
    ...jobSpecFaults(objectAt(spec, 'jobTemplate', 'spec'), 'spec.jobTemplate.spec'),
    ...nonNegative(spec, 'spec', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'),
    ...(isLong ? [invalid('metadata.name', object.metadata.name, `must be no more than ${cronNameLengthMax} characters`)] : []),
  ];
};

const warningsAt =
  (...path: readonly string[]) =>
  (object: KubeObject, old: KubeObject | undefined): string[] =>
    old !== undefined && sameValue(object.spec, old.spec) ? [] : podSpecWarnings(at(object, ...path), path.join('.'));

/** By `<group>/<resource>`. */
export const jobKinds: Readonly<Record<string, KindParts>> = {
  'batch/jobs': {
    tracksGeneration: true,
    strategy: {
      prepareForCreate: (job) => labelsFromTemplate(withSelector(job)) as KubeObject,
      validate: (job) => [...generatedFaults(job), ...jobSpecFaults(objectAt(job, 'spec'), 'spec'), ...selectorFaults(job)],
      validateUpdate: validateJobUpdate,
      warnings: warningsAt('spec', 'template', 'spec'),
    },
  },
  'batch/cronjobs': {
    tracksGeneration: true,
    strategy: { validate: validateCronJob, warnings: warningsAt('spec', 'jobTemplate', 'spec', 'template', 'spec') },
  },
};
