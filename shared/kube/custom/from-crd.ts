/** @module Kind documents of a CustomResourceDefinition (apiextensions.k8s.io/v1), one a served version. */
import type { KubeObject } from '../object.ts';
import { isObject, type JsonObject, own } from '../schema/index.ts';
import { type CheckedKind, checkKindDocument } from './check.ts';
import { structural } from './structural.ts';

const objectIn = (value: unknown, field: string): JsonObject => {
  const found = isObject(value) ? own(value, field) : undefined;
  return isObject(found) ? found : {};
};

const withoutDot = (path: unknown): unknown => (typeof path === 'string' ? path.replace(/^\./, '') : path);

const scaleIn = (subresources: JsonObject): JsonObject | undefined => {
  const scale = own(subresources, 'scale');
  if (!isObject(scale)) return undefined;
  return {
    specReplicas: withoutDot(own(scale, 'specReplicasPath')),
    statusReplicas: withoutDot(own(scale, 'statusReplicasPath')),
    selector: withoutDot(own(scale, 'labelSelectorPath')),
  };
};

const jsonPathsOf = (value: unknown): unknown[] => (Array.isArray(value) ? value.map((one) => objectIn({ one }, 'one')['jsonPath']) : []);

/** What the CRD says of one version. `descriptions` false leaves them out of the schema. */
export const documentOfCrd = (crd: KubeObject, version: string, options: { readonly descriptions?: boolean } = {}): CheckedKind => {
  const spec = objectIn(crd, 'spec');
  const versions = own(spec, 'versions');
  const found = (Array.isArray(versions) ? versions : []).find(
    (one) => isObject(one) && own(one, 'name') === version && one['served'] === true,
  );
  if (!isObject(found)) return { ok: false, message: `the CustomResourceDefinition serves no version ${version}` };
  const names = objectIn(spec, 'names');
  const given = own(objectIn(found, 'schema'), 'openAPIV3Schema');
  const schema = isObject(given) ? structural(given, options) : undefined;
  if (schema?.ok === false) return schema;
  const subresources = objectIn(found, 'subresources');
  return checkKindDocument({
    group: own(spec, 'group'),
    version,
    kind: own(names, 'kind'),
    listKind: own(names, 'listKind'),
    resource: own(names, 'plural'),
    singular: own(names, 'singular'),
    shortNames: own(names, 'shortNames'),
    categories: own(names, 'categories'),
    namespaced: own(spec, 'scope') === 'Namespaced',
    status: isObject(own(subresources, 'status')),
    scale: scaleIn(subresources),
    columns: own(found, 'additionalPrinterColumns'),
    selectableFields: jsonPathsOf(own(found, 'selectableFields')),
    versionsAlike: own(objectIn(spec, 'conversion'), 'strategy') !== 'Webhook',
    schema: schema?.schema,
  });
};

/** Versions that the CRD serves. */
export const servedVersionsOf = (crd: KubeObject): readonly string[] => {
  const versions = own(objectIn(crd, 'spec'), 'versions');
  return (Array.isArray(versions) ? versions : []).flatMap((one) =>
    isObject(one) && one['served'] === true && typeof one['name'] === 'string' ? [one['name']] : [],
  );
};
