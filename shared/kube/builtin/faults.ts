/** @module What an API server would find wrong with an object of a built-in kind: its types, its metadata, its kind's own rules. Pure. */
import { faultText, subdomainName, validateObjectMeta } from '../names/index.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType, StrategyContext } from '../resource.ts';
import { applyDefaults, conform, createSchemaSet, type SchemaSet } from '../schema/index.ts';
import { builtinTypes } from './catalog.ts';
import { builtinSchemas } from './data.ts';
import { builtinDefaults } from './defaults/index.ts';

type Kinds = { readonly schemas: SchemaSet; readonly types: ReadonlyMap<string, ResourceType> };

const kindOf = (apiVersion: string, kind: string): string => `${apiVersion} ${kind}`;

/** Made when the first object is looked at: most programs look at none. */
let kinds: Kinds | undefined;
const readKinds = (): Kinds => {
  kinds ??= {
    schemas: createSchemaSet(...builtinSchemas),
    types: new Map(
      builtinTypes().map((type) => [kindOf(type.group === '' ? type.version : `${type.group}/${type.version}`, type.kind), type]),
    ),
  };
  return kinds;
};

const wrongType = /cannot unmarshal (\S+) into Go struct field \w+\.(\S+) of type (\S+)/;

/** A wrong type with the field and the mend, of what decoders in Go say. */
const typeText = (fault: string): string => {
  const [, given, field, wanted] = wrongType.exec(fault) ?? [];
  if (field === undefined) return fault;
  return `${field}: ${wanted} is wanted, not ${given}${wanted === 'string' ? '; write it in quotes' : ''}`;
};

/** Whose write it is bears on no fault. */
const anyContext: StrategyContext = { nowMs: 0, user: { name: '', groups: [] } };

/**
 * The faults as `field: message`, as a server finds them when the object is made; none for kinds that are not built in. Fields that nobody knows
 * are none: a newer API server may know them.
 */
export const builtinFaults = (object: KubeObject): readonly string[] => {
  const { schemas, types } = readKinds();
  const type = types.get(kindOf(object.apiVersion, object.kind));
  if (type === undefined) return [];
  const node = schemas.node(type.schemaName);
  const read = conform(node, object);
  if (read.fault !== undefined) return [typeText(read.fault)];
  const filled = applyDefaults(node, read.object as KubeObject, { stage: 'default', functions: builtinDefaults });
  const defaulted = type.strategy.defaults?.(filled) ?? filled;
  const whole = type.strategy.prepareForCreate?.(defaulted, anyContext) ?? defaulted;
  const { validateName = subdomainName, namespaced, strategy } = type;
  return [
    ...(strategy.validateFirst?.(whole) ?? []),
    ...validateObjectMeta(whole, namespaced, (name, prefix) => [...validateName(name, prefix)]),
    ...(strategy.validate?.(whole) ?? []),
  ].map(faultText);
};
