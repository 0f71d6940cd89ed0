/** @module Applies the learnt data to what was sent and compares with what the server answered: the data is right when nothing differs. */

import { sameJson } from '../../../shared/lib/same-json.ts';
import type { Defaults, Exchange } from './defaults.ts';
import type { DataRule, NamedRule, When } from './rules.ts';
import { fieldShape, type Schemas } from './schemas.ts';
import { isObject, type Json, type JsonObject } from './stable-json.ts';
import type { Types } from './types.ts';

type Mutable = Record<string, Json>;

/** What the data file holds. */
export type DefaultsData = { readonly defaults: Defaults; readonly rules: readonly (DataRule | NamedRule)[] };

/** Everything a prediction is made from. */
export type Known = { readonly schemas: Schemas; readonly data: DefaultsData; readonly types: Types };

const at = (struct: JsonObject, path: string): Json | undefined => {
  let value: Json | undefined = struct;
  for (const part of path.split('.')) value = isObject(value) ? value[part] : undefined;
  return value;
};

const isAbsent = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

const holds = (struct: JsonObject, when: When): boolean => {
  const value = at(struct, when.field);
  if ('equals' in when) return sameJson(value, when.equals);
  if ('in' in when) return when.in.some((one) => sameJson(one, value));
  return 'absent' in when ? isAbsent(value) : !isAbsent(value);
};

const fill = (struct: Mutable, set: JsonObject): void => {
  for (const [field, value] of Object.entries(set)) {
    const known = struct[field];
    if (isAbsent(known)) struct[field] = structuredClone(value);
    else if (isObject(known) && isObject(value)) fill(known as Mutable, value);
  }
};

/** Visits a struct and every struct below it, parents first; `change` may add fields, which are visited too. */
const walk = (schemas: Schemas, definition: string, struct: Mutable, change: (definition: string, struct: Mutable) => void): void => {
  change(definition, struct);
  for (const [field, value] of Object.entries(struct)) {
    const shape = fieldShape(schemas, definition, field);
    if (shape.kind === 'value') continue;
    const below = shape.kind === 'struct' ? [value] : Array.isArray(value) ? value : Object.values(isObject(value) ? value : {});
    for (const item of below as readonly Json[]) if (isObject(item)) walk(schemas, shape.definition, item as Mutable, change);
  }
};

const isEmpty = (value: Json | undefined): boolean =>
  isAbsent(value) || value === 0 || value === false || (isObject(value) && Object.keys(value).length === 0);

/** What the server would answer, as far as data can say: drop what is empty, fill defaults, obey rules, write what is always written. */
const predict = ({ schemas, data, types }: Known, exchange: Exchange): Mutable => {
  const ours = structuredClone(exchange.sent) as Mutable;
  walk(schemas, exchange.definition, ours, (definition, struct) => {
    for (const [field, value] of Object.entries(struct)) {
      if (value === null || (isEmpty(value) && types.omitEmpty[definition]?.includes(field))) delete struct[field];
    }
  });
  walk(schemas, exchange.definition, ours, (definition, struct) => {
    fill(struct, data.defaults[definition] ?? {});
    for (const rule of data.rules) {
      if (rule.definition === definition && 'set' in rule && rule.when.every((when) => holds(struct, when))) fill(struct, rule.set);
    }
  });
  walk(schemas, exchange.definition, ours, (definition, struct) => {
    for (const [field, value] of Object.entries(types.always[definition] ?? {})) struct[field] ??= structuredClone(value);
  });
  return ours;
};

/** Dotted paths below the root that named rules own, with the definition at which each starts. */
const isOwned = (data: DefaultsData, definition: string, path: string): boolean =>
  data.rules.some(
    (rule) =>
      'name' in rule && rule.definition === definition && rule.fields.some((field) => path === field || path.startsWith(`${field}.`)),
  );

/** Lines naming each difference between the data's answer and the server's. */
export const checkPredictions = (known: Known, exchanges: readonly Exchange[]): string[] => {
  const { schemas, data } = known;
  const differences: string[] = [];
  for (const exchange of exchanges) {
    const ours = predict(known, exchange);
    // Each stack entry: a definition and the path from its struct to here, so that a rule on any ancestor is found.
    const compare = (
      mine: Json | undefined,
      theirs: Json | undefined,
      where: string,
      stack: readonly (readonly [string, string])[],
    ): void => {
      if (sameJson(mine, theirs) || stack.some(([definition, path]) => isOwned(data, definition, path))) return;
      const definition = stack.at(-1)?.[1] === '' ? stack.at(-1)?.[0] : undefined;
      if (isObject(mine) && isObject(theirs)) {
        for (const field of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
          const shape = definition === undefined ? ({ kind: 'value' } as const) : fieldShape(schemas, definition, field);
          const longer = stack.map(([name, path]) => [name, path ? `${path}.${field}` : field] as const);
          compareShaped(mine[field], theirs[field], `${where}.${field}`, longer, shape);
        }
      } else {
        differences.push(`${exchange.name}${where}: ours ${JSON.stringify(mine)}, the server's ${JSON.stringify(theirs)}`);
      }
    };
    const compareShaped = (
      mine: Json | undefined,
      theirs: Json | undefined,
      where: string,
      stack: readonly (readonly [string, string])[],
      shape: ReturnType<typeof fieldShape>,
    ): void => {
      const inner = shape.kind === 'value' ? stack : [...stack, [shape.definition, ''] as const];
      if (shape.kind === 'list' && Array.isArray(mine) && Array.isArray(theirs) && mine.length === theirs.length) {
        for (const [i, item] of mine.entries()) compare(item, theirs[i], `${where}[${i}]`, inner);
      } else compare(mine, theirs, where, shape.kind === 'struct' ? inner : stack);
    };
    const { metadata: _mine, ...mine } = ours;
    const { metadata: _theirs, ...theirs } = exchange.answered;
    compare(mine, theirs, '', [[exchange.definition, '']]);
  }
  return differences;
};
