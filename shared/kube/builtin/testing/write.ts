/** @module What a server does to an object of a built-in kind before it keeps it, in short; for tests of this room. */
import { present } from '../../../lib/index.ts';
import { faultText, validateObjectMeta, validateObjectMetaUpdate } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import type { ResourceType } from '../../resource.ts';
import { applyDefaults, createSchemaSet } from '../../schema/index.ts';
import { builtinDefaults, builtinSchemas, builtinTypes } from '../index.ts';

const schemas = createSchemaSet(...builtinSchemas);
const ips = {
  clusterIp: () => '10.0.0.7',
  nodePort: (taken: readonly number[]) => (taken.includes(30_001) ? 30_002 : 30_001),
  nodePortRange: { first: 30_000, last: 32_767 },
};
const types = builtinTypes(ips);

/** 2026-01-01T00:00:00Z. */
export const nowMs = 1_767_225_600_000;
const context = { nowMs, user: { name: 'tester', groups: [] } };

/** A kind by resource and, where it has more than one, version. */
export const typeOf = (resource: string, version?: string): ResourceType =>
  present(
    types.find((type) => type.resource === resource && (version === undefined || type.version === version)),
    resource,
  );

const filled = (type: ResourceType, object: KubeObject, stage: 'create' | 'default'): KubeObject => {
  const out = applyDefaults(schemas.node(type.schemaName), object, { stage, functions: builtinDefaults });
  return type.strategy.defaults?.(out) ?? out;
};

/** An object of a kind with these fields; metadata has at least a name, and a namespace where it belongs. */
export const objectOf = (type: ResourceType, fields: object, metadata: object = {}): KubeObject => ({
  apiVersion: type.group === '' ? type.version : `${type.group}/${type.version}`,
  kind: type.kind,
  metadata: { name: 'web', uid: 'u-1', ...(type.namespaced ? { namespace: 'shop' } : {}), ...metadata },
  ...fields,
});

/** The object as it would be stored, and its faults as lines. */
export const created = (
  type: ResourceType,
  fields: object,
  metadata: object = {},
): { object: KubeObject; faults: string[]; warnings: string[] } => {
  const { status: _, ...fresh } = filled(type, objectOf(type, fields, metadata), 'create');
  const object = type.strategy.prepareForCreate?.(fresh as KubeObject, context) ?? (fresh as KubeObject);
  const nameRule = present(type.validateName, 'validateName');
  const first = type.strategy.validateFirst?.(object) ?? [];
  const others = [
    ...validateObjectMeta(object, type.namespaced, (name, prefix) => [...nameRule(name, prefix)]),
    ...(type.strategy.validate?.(object) ?? []),
  ];
  const faults = first.length > 0 ? first : others;
  return { object, faults: [...new Set(faults.map(faultText))], warnings: type.strategy.warnings?.(object, undefined) ?? [] };
};

/** As {@link created}, for a change of `old`. */
export const updated = (type: ResourceType, next: KubeObject, old: KubeObject): { object: KubeObject; faults: string[] } => {
  const wanted = filled(type, next, 'default');
  const object = type.strategy.prepareForUpdate?.(wanted, old, context) ?? wanted;
  const faults = [
    ...validateObjectMetaUpdate(object, old),
    ...(type.strategy.validateUpdate?.(object, old) ?? type.strategy.validate?.(object) ?? []),
  ];
  return { object, faults: [...new Set(faults.map(faultText))] };
};
