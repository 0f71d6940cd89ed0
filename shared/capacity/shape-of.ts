/** @module The pod template of an object: a Pod itself, or anything that makes pods. */

import { type Bag, bagOf, bagsOf, isBag, textOf } from '../lib/fields.ts';
import type { PodTemplate } from './demand.ts';
import { type PodDemand, podDemandOf } from './demand.ts';
import { demandFault } from './demand-fault.ts';
import type { Read } from './dump.ts';
import { type PodShape, podShapeOf } from './pod-shape.ts';

type Found = { readonly template: PodTemplate; readonly path: string };

const templateOf = (object: unknown): Found | undefined => {
  if (!isBag(object)) return undefined;
  const spec = bagOf(object.spec);
  const job = bagOf(bagOf(spec.jobTemplate).spec);
  if (isBag(job.template)) return { template: job.template, path: 'spec.jobTemplate.spec.template.spec' };
  if (isBag(spec.template)) return { template: withClaimVolumes(spec.template, spec), path: 'spec.template.spec' };
  if (isBag(object.template)) return { template: object.template, path: 'template.spec' };
  return textOf(object.kind) === 'Pod' || Array.isArray(spec.containers) ? { template: podOf(object), path: 'spec' } : undefined;
};

/** A StatefulSet gives each of its pods the volumes that its `volumeClaimTemplates` make, as if their template named the claims. */
const withClaimVolumes = (template: Bag, { volumeClaimTemplates }: Bag): PodTemplate => {
  const made = bagsOf(volumeClaimTemplates).map(({ metadata }) => {
    const name = textOf(bagOf(metadata).name);
    return { name, persistentVolumeClaim: { claimName: name } };
  });
  const spec = bagOf(template.spec);
  return made.length === 0 ? template : { ...template, spec: { ...spec, volumes: [...bagsOf(spec.volumes), ...made] } };
};

/** A pod that runs was bound by the scheduler: its node is no wish. */
const podOf = (object: Record<string, unknown>): PodTemplate => {
  const { phase } = bagOf(object.status);
  if (phase === undefined || phase === 'Pending') return object;
  const { nodeName: _bound, ...spec } = bagOf(object.spec);
  return { ...object, spec };
};

/** The shape of a workload object; undefined when it makes no pods. What cannot be read counts as absent. */
export const podShapeOfObject = (object: unknown): PodShape | undefined => {
  const found = templateOf(object);
  return found === undefined ? undefined : podShapeOf(found.template.spec, metadataOf(found.template, object));
};

/** The template's metadata, in the namespace of its object. */
const metadataOf = (template: PodTemplate, object: unknown): Bag => {
  const metadata = bagOf(template.metadata);
  const namespace = textOf(metadata.namespace) || textOf(bagOf(bagOf(object).metadata).namespace);
  return namespace === '' ? metadata : { ...metadata, namespace };
};

/** The demand of one replica; the message names the field that is wrong. */
export const readShape = (object: unknown): Read<PodDemand> => {
  const found = templateOf(object);
  if (found === undefined) {
    return { ok: false, message: 'the shape has no pod template: give a Pod, or an object with spec.template such as a Deployment' };
  }
  const template = { spec: found.template.spec, metadata: metadataOf(found.template, object) };
  const fault = demandFault(template, found.path);
  return fault === undefined ? { ok: true, value: podDemandOf(template) } : { ok: false, message: fault };
};
