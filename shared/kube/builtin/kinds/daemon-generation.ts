/** @module The generation of a DaemonSet's template, which apps/v1 keeps in an annotation (kubernetes `apis/apps/v1/conversion.go`). */
import type { KubeObject } from '../../object.ts';
import { at } from '../read.ts';
import { sameValue } from '../validate/equal.ts';

const annotation = 'deprecated.daemonset.template.generation';

const generationOf = (object: KubeObject): number => Number.parseInt(object.metadata.annotations?.[annotation] ?? '', 10) || 0;

const withGeneration = (object: KubeObject, generation: number): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [annotation]: String(generation) } },
});

/** The annotation is always there: 0 until the server has counted. */
export const templateGenerationDefault = (object: KubeObject): KubeObject => withGeneration(object, generationOf(object));

/** A new template is the first, unless its author says otherwise. */
export const newTemplateGeneration = (object: KubeObject): KubeObject => withGeneration(object, Math.max(1, generationOf(object)));

/** Counts changes of the template; nobody else may. */
export const nextTemplateGeneration = (object: KubeObject, old: KubeObject): KubeObject => {
  const isSame = sameValue(at(object, 'spec', 'template'), at(old, 'spec', 'template'));
  return withGeneration(object, generationOf(old) + (isSame ? 0 : 1));
};
