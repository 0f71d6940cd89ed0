/** @module Pod (kubernetes `registry/core/pod`, and the admission plugins that every cluster runs). */
import { type Fault, forbidden } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { compareQuantity, type Quantity } from '../../quantity/index.ts';
import { readQuantity } from '../amounts.ts';
import { serviceAccountAlias } from '../defaults/pods.ts';
import type { KindParts } from '../kind.ts';
import { at, hasAt, type Json, listAt, numberAt, objectAt, textAt, withAt, withDefaultAt } from '../read.ts';
import { sameValue } from '../validate/equal.ts';
import { podSpecFaults, podTemplateFaults } from '../validate/pod-spec.ts';
import { podSpecWarnings } from '../validate/pod-warnings.ts';

const tolerationSeconds = 300;
const lostNodeTaints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const qosResources = ['cpu', 'memory'];

const amount = (container: unknown, part: string, resource: string): Quantity | undefined => {
  const quantity = readQuantity(at(container, 'resources', part, resource));
  return quantity !== undefined && quantity.nanos > 0n ? quantity : undefined;
};

/** Guaranteed: each container's cpu and memory limits equal its requests; BestEffort: none has any (kubernetes `qos.ComputePodQOS`). */
export const qosClass = (spec: unknown): 'Guaranteed' | 'Burstable' | 'BestEffort' => {
  const containers = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')];
  const amounts = containers.flatMap((container) =>
    qosResources.map((resource) => ({ request: amount(container, 'requests', resource), limit: amount(container, 'limits', resource) })),
  );
  if (amounts.every(({ request, limit }) => request === undefined && limit === undefined)) return 'BestEffort';
  const isGuaranteed = amounts.every(
    ({ request, limit }) => limit !== undefined && (request === undefined || compareQuantity(request, limit) === 0),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
};

const tolerates = (toleration: unknown, key: string): boolean => {
  const own = textAt(toleration, 'key');
  const effect = textAt(toleration, 'effect');
  return (own === key || (own === '' && textAt(toleration, 'operator') === 'Exists')) && (effect === '' || effect === 'NoExecute');
};

const withTolerations = (spec: Json): Json => {
  const own = listAt(spec, 'tolerations');
  const added = lostNodeTaints
    .filter((key) => !own.some((toleration) => tolerates(toleration, key)))
    .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }));
  return added.length === 0 ? spec : { ...spec, tolerations: [...own, ...added] };
};

const newPod = (pod: KubeObject): KubeObject => {
  const account = serviceAccountAlias({
    ...objectAt(pod, 'spec'),
    serviceAccountName: textAt(pod, 'spec', 'serviceAccountName') || 'default',
  });
  const prioritised = withDefaultAt(withDefaultAt(account, ['priority'], 0), ['preemptionPolicy'], 'PreemptLowerPriority');
  const spec = withTolerations(prioritised);
  return { ...pod, spec, status: { phase: 'Pending', qosClass: qosClass(spec) } };
};

const mutableText =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

const withoutImages = (spec: Json, list: string): Json =>
  hasAt(spec, list)
    ? withAt(
        spec,
        [list],
        listAt(spec, list).map((container) => withAt({ ...objectAt(container) }, ['image'], undefined)),
      )
    : spec;

/** The part of a pod's spec that cannot change. */
const fixedPart = (pod: KubeObject): Json => {
  const {
    activeDeadlineSeconds: _a,
    tolerations: _t,
    schedulingGates: _g,
    terminationGracePeriodSeconds: _s,
    ...spec
  } = objectAt(pod, 'spec');
  return withoutImages(withoutImages(spec, 'containers'), 'initContainers');
};

const containersText = 'pod updates may not add or remove containers';

const podUpdateFaults = (pod: KubeObject, old: KubeObject): Fault[] => {
  for (const list of ['containers', 'initContainers']) {
    const isKept = listAt(pod, 'spec', list).length === listAt(old, 'spec', list).length;
    if (!isKept) return [forbidden(`spec.${list}`, containersText)];
  }
  const faults: Fault[] = sameValue(fixedPart(pod), fixedPart(old)) ? [] : [forbidden('spec', mutableText)];
  const tolerations = listAt(pod, 'spec', 'tolerations');
  const isKept = listAt(old, 'spec', 'tolerations').every((before) => tolerations.some((toleration) => sameValue(toleration, before)));
  return isKept
    ? faults
    : [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'), ...faults];
};

/** How long a deleted pod may take to end; none when it never ran or has ended (kubernetes `CheckGracefulDelete`). */
const graceSeconds = (pod: KubeObject, requested: number | undefined): number => {
  const isOver = ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase'));
  if (textAt(pod, 'spec', 'nodeName') === '' || isOver) return 0;
  const seconds = requested ?? numberAt(pod, 'spec', 'terminationGracePeriodSeconds');
  return seconds < 0 ? 1 : seconds;
};

const warnings = (pod: KubeObject, old: KubeObject | undefined): string[] =>
  old !== undefined && sameValue(pod.spec, old.spec) ? [] : podSpecWarnings(pod.spec, 'spec');

/** By `<group>/<resource>`. */
export const podKinds: Readonly<Record<string, KindParts>> = {
  '/pods': {
    tracksGeneration: true,
    strategy: {
      prepareForCreate: newPod,
      prepareForUpdate: (pod) => ({ ...pod, spec: withTolerations(objectAt(pod, 'spec')) }),
      validate: (pod) => podSpecFaults(objectAt(pod, 'spec'), 'spec'),
      validateUpdate: (pod, old) => [...podSpecFaults(objectAt(pod, 'spec'), 'spec'), ...podUpdateFaults(pod, old)],
      warnings,
      graceSeconds,
    },
  },
  '/podtemplates': {
    tracksGeneration: true,
    strategy: { validate: (object) => podTemplateFaults(object.template, 'template') },
  },
};
