/** @module Learning defaults: compare what was sent with what the server answered, struct by struct, over all probes. */

import { sameJson } from '../../../shared/lib/same-json.ts';
import type { FieldShape, Schemas } from './schemas.ts';
import { fieldShape } from './schemas.ts';
import { isObject, type Json, type JsonObject } from './stable-json.ts';

/** By definition name, the fields the server adds whenever the struct is present without them. `{}` is a struct with defaults of its own. */
export type Defaults = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** Which kind of rule speaks of a field of a definition, if any. */
export type RuledBy = (definition: string, field: string) => 'data' | 'name' | undefined;

/** A probe and the server's answer to it. */
export type Exchange = { readonly name: string; readonly definition: string; readonly sent: JsonObject; readonly answered: JsonObject };

/** One struct as sent (absent fields and all) and as answered. */
type Sighting = { readonly where: string; readonly sent: JsonObject; readonly answered: JsonObject };

const objectOrEmpty = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** Visits every struct of the answer below (and with) the root, paired with what was sent for it. */
const sightings = (schemas: Schemas, exchange: Exchange, ruledBy: RuledBy, see: (definition: string, sighting: Sighting) => void): void => {
  const visit = (definition: string, sent: JsonObject, answered: JsonObject, where: string): void => {
    see(definition, { where, sent, answered });
    for (const [field, value] of Object.entries(answered)) {
      if (where === '' && field === 'metadata') continue; // the root's metadata is the server's to fill
      if (sent[field] === undefined && ruledBy(definition, field) === 'name') continue; // what code puts there, it puts there whole
      visitField(fieldShape(schemas, definition, field), sent[field], value, `${where}.${field}`);
    }
  };
  const visitField = (shape: FieldShape, sent: Json | undefined, answered: Json, where: string): void => {
    if (shape.kind === 'struct' && isObject(answered)) visit(shape.definition, objectOrEmpty(sent), answered, where);
    // Items the server added (admission's volumes, tolerations) are not defaults of their structs.
    if (shape.kind === 'list' && Array.isArray(answered) && Array.isArray(sent)) {
      for (let i = 0; i < Math.min(sent.length, answered.length); i++) {
        visit(shape.definition, objectOrEmpty(sent[i]), objectOrEmpty(answered[i]), `${where}[${i}]`);
      }
    }
    if (shape.kind === 'map' && isObject(answered) && isObject(sent)) {
      for (const key of Object.keys(sent))
        visit(shape.definition, objectOrEmpty(sent[key]), objectOrEmpty(answered[key]), `${where}.${key}`);
    }
  };
  visit(exchange.definition, exchange.sent, exchange.answered, '');
};

/**
 * Finds the unconditional defaults. A field that is added in some sightings and not, or otherwise, in others comes back in
 * `conditional` as lines for a person to write a rule from, unless a rule speaks of it already.
 */
export const learnDefaults = (
  schemas: Schemas,
  exchanges: readonly Exchange[],
  ruledBy: RuledBy,
): { defaults: Defaults; conditional: string[] } => {
  const seen = new Map<string, (Sighting & { probe: string })[]>();
  for (const exchange of exchanges) {
    sightings(schemas, exchange, ruledBy, (definition, sighting) => {
      seen.set(definition, [...(seen.get(definition) ?? []), { ...sighting, probe: exchange.name }]);
    });
  }
  const defaults: Record<string, Record<string, Json>> = {};
  const conditional: string[] = [];
  for (const [definition, list] of seen) {
    for (const field of new Set(list.flatMap((one) => Object.keys(one.answered)))) {
      const absent = list.filter((one) => one.sent[field] === undefined);
      const added = absent.filter((one) => one.answered[field] !== undefined);
      const isRootMetadata = field === 'metadata' && list.some((one) => one.where === '');
      if (added.length === 0 || isRootMetadata || ruledBy(definition, field)) continue;
      const isStruct = fieldShape(schemas, definition, field).kind === 'struct';
      const values = added.map((one): Json => (isStruct ? {} : (one.answered[field] ?? null)));
      const [first = null] = values;
      if (added.length === absent.length && values.every((value) => sameJson(value, first))) {
        defaults[definition] = { ...defaults[definition], [field]: first };
      } else {
        conditional.push(
          `${definition}.${field}: added in ${added.map((one) => `${one.probe}${one.where}=${JSON.stringify(one.answered[field])}`).join(' ')}; not in ${absent
            .filter((one) => !added.includes(one))
            .map((one) => one.probe + one.where)
            .join(' ')}`,
        );
      }
    }
  }
  return { defaults, conditional };
};
