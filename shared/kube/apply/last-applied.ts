/** @module The annotation of client-side apply, which server-side apply by kubectl honours and keeps up to date. */
import type { KubeObject } from '../object.ts';
import { isObject, own, type SchemaNode, sortedJson, without } from '../schema/index.ts';
import { compareObjects } from './compare.ts';
import { extractFields } from './extract.ts';
import { difference, type FieldTree } from './field-tree.ts';
import { typedFaults } from './typed-faults.ts';

/** Where `kubectl apply` keeps the configuration it applied last. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The one manager for which the annotation counts. */
export const kubectlManager = 'kubectl';

const annotationOf = (object: KubeObject): string => {
  const annotations: unknown = object.metadata.annotations;
  const text = isObject(annotations) ? own(annotations, lastAppliedAnnotation) : undefined;
  return typeof text === 'string' ? text : '';
};

const parseObject = (text: string): KubeObject | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? (value as KubeObject) : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Fields that client-side apply set to the values they still have: kubectl may take them over without force. Undefined when the annotation is
 * missing, malformed, or of another version.
 */
export const fieldsLastApplied = (node: SchemaNode, live: KubeObject, apiVersion: string): FieldTree | undefined => {
  const text = annotationOf(live);
  const applied = text === '' ? undefined : parseObject(text);
  if (applied === undefined || applied.apiVersion !== apiVersion || typedFaults(node, applied).length > 0) return undefined;
  const { added, modified, removed } = compareObjects(node, applied, live);
  return [modified, added, removed].reduce(difference, extractFields(node, applied));
};

/** The object with the annotation set to what was applied, when it has the annotation at all. */
export const keepLastApplied = (object: KubeObject, applied: KubeObject): KubeObject => {
  if (annotationOf(object) === '') return object;
  const annotations = applied.metadata.annotations;
  const others = annotations === undefined || annotations === null ? undefined : without(annotations, lastAppliedAnnotation);
  const metadata = {
    ...without(applied.metadata, 'annotations'),
    ...(others && Object.keys(others).length > 0 ? { annotations: others } : {}),
  };
  const text = `${sortedJson({ ...applied, metadata })}\n`;
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [lastAppliedAnnotation]: text } } };
};
