/** @module ConfigMap, Secret, Namespace, ServiceAccount (kubernetes `apis/core/validation`). */
import { sumOf } from '../../../lib/sum.ts';
import {
  configMapKey,
  type Fault,
  forbidden,
  invalid,
  invalidEach,
  labelName,
  qualifiedName,
  required,
  tooLong,
  utf8Length,
} from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { base64Bytes, base64Text, toBase64Text } from '../base64.ts';
import type { KindParts } from '../kind.ts';
import { at, hasAt, isTrueAt, namesAt, objectAt, textAt, textsAt, withAt } from '../read.ts';
import { sameValue } from '../validate/equal.ts';

/** Bytes of all values of a ConfigMap or a Secret. */
const dataBytesMax = 1_048_576;
const immutableText = 'field is immutable when `immutable` is set';
const finalizer = 'kubernetes';
const nameLabel = 'kubernetes.io/metadata.name';
const accountAnnotation = 'kubernetes.io/service-account.name';

const keyFaults = (object: KubeObject, field: string): Fault[] =>
  Object.keys(objectAt(object, field)).flatMap((key) => invalidEach(`${field}[${key}]`, key, configMapKey(key)));

const immutableFaults = (object: KubeObject, old: KubeObject, ...fields: readonly string[]): Fault[] => {
  if (!isTrueAt(old, 'immutable')) return [];
  const faults = isTrueAt(object, 'immutable') ? [] : [forbidden('immutable', immutableText)];
  return [
    ...faults,
    ...fields.filter((field) => !sameValue(at(object, field), at(old, field))).map((field) => forbidden(field, immutableText)),
  ];
};

const validateConfigMap = (object: KubeObject): Fault[] => {
  const data = textsAt(object, 'data');
  const binary = textsAt(object, 'binaryData');
  const faults = keyFaults(object, 'data');
  for (const key of Object.keys(data)) {
    if (Object.hasOwn(binary, key)) faults.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
  }
  const bytes = sumOf(Object.values(data).map(utf8Length)) + sumOf(Object.values(binary).map(base64Bytes));
  // The fault is of the whole object, whose path the API server prints as [].
  return [...faults, ...keyFaults(object, 'binaryData'), ...(bytes > dataBytesMax ? [tooLong('[]', dataBytesMax)] : [])];
};

/** What must be in the data of a Secret of a type: all of `all`, or one of `any`. */
const secretKeys: Readonly<Record<string, { all?: readonly string[]; any?: readonly string[]; json?: string }>> = {
  'kubernetes.io/dockercfg': { all: ['.dockercfg'], json: '.dockercfg' },
  'kubernetes.io/dockerconfigjson': { all: ['.dockerconfigjson'], json: '.dockerconfigjson' },
  'kubernetes.io/basic-auth': { any: ['username', 'password'] },
  'kubernetes.io/ssh-auth': { all: ['ssh-privatekey'] },
  'kubernetes.io/tls': { all: ['tls.crt', 'tls.key'] },
};

const isJsonObject = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

const jsonText = (text: string): string =>
  text.trim() === '' ? 'unexpected end of JSON input' : `invalid character '${text.trim().charAt(0)}' looking for beginning of value`;

const secretTypeFaults = (object: KubeObject): Fault[] => {
  const type = textAt(object, 'type');
  if (type === 'kubernetes.io/service-account-token') {
    const isNamed = (object.metadata.annotations?.[accountAnnotation] ?? '') !== '';
    return isNamed ? [] : [required(`metadata.annotations[${accountAnnotation}]`)];
  }
  const { all = [], any = [], json } = (Object.hasOwn(secretKeys, type) ? secretKeys[type] : undefined) ?? {};
  const data = textsAt(object, 'data');
  const faults = all.filter((key) => data[key] === undefined).map((key) => required(`data[${key}]`));
  if (any.length > 0 && !any.some((key) => data[key] !== undefined)) faults.push(...any.map((key) => required(`data[${key}]`)));
  const text = json === undefined || data[json] === undefined ? undefined : base64Text(data[json]);
  if (text !== undefined && !isJsonObject(text)) faults.push(invalid(`data[${json}]`, '<secret contents redacted>', jsonText(text)));
  return faults;
};

const validateSecret = (object: KubeObject): Fault[] => {
  const bytes = sumOf(Object.values(textsAt(object, 'data')).map(base64Bytes));
  return [...keyFaults(object, 'data'), ...(bytes > dataBytesMax ? [tooLong('data', dataBytesMax)] : []), ...secretTypeFaults(object)];
};

/** stringData is for writing only: it goes into data, base64. */
const stringDataToData = (object: KubeObject): KubeObject => {
  if (!hasAt(object, 'stringData')) return object;
  const texts = Object.entries(textsAt(object, 'stringData')).map(([key, text]) => [key, toBase64Text(text)]);
  const { stringData: _, ...rest } = object;
  if (texts.length === 0) return rest as KubeObject;
  return { ...(rest as KubeObject), data: { ...objectAt(object, 'data'), ...Object.fromEntries(texts) } };
};

const validateSecretUpdate = (object: KubeObject, old: KubeObject): Fault[] => [
  ...(textAt(object, 'type') === textAt(old, 'type') ? [] : [invalid('type', textAt(object, 'type'), 'field is immutable')]),
  ...immutableFaults(object, old, 'data'),
  ...validateSecret(object),
];

const newNamespace = (object: KubeObject): KubeObject => {
  const finalizers = [...new Set([...namesAt(object, 'spec', 'finalizers'), finalizer])];
  // A generated name was not there yet when defaults were filled in.
  const labels = { ...object.metadata.labels, [nameLabel]: object.metadata.name };
  const held = withAt(object, ['spec', 'finalizers'], finalizers);
  return { ...held, metadata: { ...object.metadata, labels }, status: { phase: 'Active' } };
};

const validateNamespace = (object: KubeObject): Fault[] =>
  namesAt(object, 'spec', 'finalizers').flatMap((name) => {
    const faults = invalidEach('spec.finalizers', name, qualifiedName(name));
    const isKnown = name.includes('/') || name === finalizer;
    return faults.length > 0 || isKnown
      ? faults
      : [invalid('spec.finalizers', name, 'name is neither a standard finalizer name nor is it fully qualified')];
  });

/** By `<group>/<resource>`. */
export const configKinds: Readonly<Record<string, KindParts>> = {
  '/configmaps': {
    strategy: {
      validate: validateConfigMap,
      validateUpdate: (object, old) => [...immutableFaults(object, old, 'data', 'binaryData'), ...validateConfigMap(object)],
    },
  },
  '/secrets': { strategy: { defaults: stringDataToData, validate: validateSecret, validateUpdate: validateSecretUpdate } },
  '/namespaces': {
    name: labelName,
    strategy: {
      prepareForCreate: newNamespace,
      // Finalizers of the spec change by the subresource /finalize only.
      prepareForUpdate: (object, old) => withAt(object, ['spec'], old.spec),
      validate: validateNamespace,
    },
  },
};
