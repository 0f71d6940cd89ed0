/** @module Job and CronJob (kubernetes `apis/batch/validation`, `registry/batch/job`). */
import { type Fault, invalid, notSupported, required } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { matchesLabels, selectorFromObject, validateLabelSelector } from '../../selectors/index.ts';
import { labelsFromTemplate } from '../defaults/pods.ts';
import type { KindParts } from '../kind.ts';
import { at, hasAt, isTrueAt, type Json, listAt, numberAt, objectAt, textAt, textsAt, withAt } from '../read.ts';
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
  const selector = hasAt(job, 'spec', 'selector') ? objectAt(job, 'spec', 'selector') : undefined;
  const faults = selector === undefined ? [required('spec.selector')] : validateLabelSelector(selector, 'spec.selector');
  const parsed = selectorFromObject(selector);
  const labels = at(job, 'spec', 'template', 'metadata', 'labels');
  if (parsed.ok && !matchesLabels(parsed.value, textsAt(labels))) {
    faults.push(invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`'));
  }
  return faults;
};

/** The labels that a Job without a selector of its own puts on its pods. */
const generatedLabels = (job: KubeObject): Record<string, string> => ({
  [oldUidLabel]: job.metadata.uid ?? '',
  [oldNameLabel]: job.metadata.name,
  [uidLabel]: job.metadata.uid ?? '',
  [nameLabel]: job.metadata.name,
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
  // Labels that defaulting took from the template are one map with them in Go: they follow it.
  const areTemplates = job.metadata.labels !== undefined && job.metadata.labels === at(job, 'spec', 'template', 'metadata', 'labels');
  const labels = { ...generatedLabels(job), ...textsAt(job, 'spec', 'template', 'metadata', 'labels') };
  const selector = objectAt(job, 'spec', 'selector');
  const matchLabels = { [uidLabel]: job.metadata.uid ?? '', ...textsAt(selector, 'matchLabels') };
  const labelled = withAt(
    areTemplates ? withAt(job, ['metadata', 'labels'], labels) : job,
    ['spec', 'template', 'metadata', 'labels'],
    labels,
  );
  return withAt(labelled, ['spec', 'selector'], { ...selector, matchLabels });
};

const completionFaults = (spec: Json, before: Json): Fault[] => {
  if (textAt(spec, 'completionMode') !== 'Indexed') return unchanged(spec, before, 'spec.completions', sameValue, 'completions');
  const completions = at(spec, 'completions') ?? undefined;
  if (completions === undefined || completions === before.completions || completions === at(spec, 'parallelism')) return [];
  return [invalid('spec.completions', completions, 'can only be modified in tandem with spec.parallelism')];
};

/** True while a suspended Job's template may change as to where its pods run and what they ask for. */
const isTemplateOpen = (job: KubeObject): boolean => {
  const suspended = listAt(job, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Suspended' && textAt(condition, 'status') === 'True',
  );
  return isTrueAt(job, 'spec', 'suspend') && (!hasAt(job, 'status', 'startTime') || suspended) && numberAt(job, 'status', 'active') === 0;
};

const withResourcesOf = (next: Json, list: string) => {
  const wanted = listAt(next, list);
  return (spec: Json): Json => {
    const containers = listAt(spec, list);
    if (containers.length !== wanted.length) return spec;
    const merged = containers.map((container, index) =>
      textAt(container, 'name') === textAt(wanted[index], 'name')
        ? withAt(objectAt(container), ['resources'], at(wanted[index], 'resources'))
        : container,
    );
    return containers.length === 0 ? spec : withAt(spec, [list], merged);
  };
};

const templateUpdateFaults = (job: KubeObject, old: KubeObject): Fault[] => {
  if (!isTemplateOpen(old)) return unchanged(job, old, 'spec.template', sameValue, 'spec', 'template');
  const next = objectAt(job, 'spec', 'template', 'spec');
  const before = objectAt(old, 'spec', 'template', 'spec');
  const open = ['nodeSelector', 'tolerations', 'schedulingGates'];
  const moved = open.reduce((spec, field) => withAt(spec, [field], at(next, field)), before);
  const isPlaced = hasAt(next, 'affinity') || hasAt(before, 'affinity');
  const placed = isPlaced ? withAt(moved, ['affinity', 'nodeAffinity'], at(next, 'affinity', 'nodeAffinity')) : moved;
  const asked = withResourcesOf(next, 'initContainers')(withResourcesOf(next, 'containers')(placed));
  return unchanged({ spec: next }, { spec: asked }, 'spec.template.spec', sameValue, 'spec');
};

const validateJob = (job: KubeObject): Fault[] => [
  ...generatedFaults(job),
  ...jobSpecFaults(objectAt(job, 'spec'), 'spec'),
  ...selectorFaults(job),
];

const validateJobUpdate = (job: KubeObject, old: KubeObject): Fault[] => {
  const spec = objectAt(job, 'spec');
  const before = objectAt(old, 'spec');
  const same = (...names: string[]): Fault[] => names.flatMap((name) => unchanged(spec, before, `spec.${name}`, sameValue, name));
  return [
    ...validateJob(job),
    ...completionFaults(spec, before),
    ...same('selector'),
    ...templateUpdateFaults(job, old),
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
  if (zone.toLowerCase() === 'local') {
    const text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    return [invalid('spec.timeZone', zone, text)];
  }
  return isTimeZone(zone) ? [] : [invalid('spec.timeZone', zone, `unknown time zone ${zone}`)];
};

/** True for a name of the IANA time zone database. */
const isTimeZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
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

const cronJobFaults = (object: KubeObject, old?: KubeObject): Fault[] => {
  const spec = objectAt(object, 'spec');
  const isZoneKept = old !== undefined && at(old, 'spec', 'timeZone') === spec.timeZone;
  const policies = ['Allow', 'Forbid', 'Replace'];
  const policy = textAt(spec, 'concurrencyPolicy');
  const isLong = object.metadata.name.length > cronNameLengthMax;
  return [
    ...scheduleFaults(spec),
    ...nonNegative(spec, 'spec', 'startingDeadlineSeconds'),
    ...(isZoneKept ? [] : zoneFaults(spec)),
    ...(policies.includes(policy) ? [] : [notSupported('spec.concurrencyPolicy', policy, policies)]),
    ...jobSpecFaults(objectAt(spec, 'jobTemplate', 'spec'), 'spec.jobTemplate.spec'),
    ...nonNegative(spec, 'spec', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'),
    ...(isLong && old === undefined
      ? [invalid('metadata.name', object.metadata.name, `must be no more than ${cronNameLengthMax} characters`)]
      : []),
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
      validate: validateJob,
      orphansDependents: true,
      validateUpdate: validateJobUpdate,
      warnings: warningsAt('spec', 'template', 'spec'),
    },
  },
  'batch/cronjobs': {
    tracksGeneration: true,
    strategy: {
      validate: (object) => cronJobFaults(object),
      validateUpdate: cronJobFaults,
      warnings: warningsAt('spec', 'jobTemplate', 'spec', 'template', 'spec'),
    },
  },
};
