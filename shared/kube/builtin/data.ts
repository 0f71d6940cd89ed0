/** @module What was learnt from a real kube-apiserver and the Go types, ready for a schema set. */
import type { SchemaData } from '../schema/index.ts';
import defaults from './data/defaults.json' with { type: 'json' };
import openapi from './data/openapi.json' with { type: 'json' };
import types from './data/types.json' with { type: 'json' };

/** What creation alone sets is left to the kinds' strategies: the server does it after it has noted who owns what. */
const atOnce = { ...defaults, rules: defaults.rules.filter(({ stage }) => stage !== 'create') };

/**
 * Schemas, defaults and empty-field rules of the built-in kinds.
 *
 * @example
 * const schemas = createSchemaSet(...builtinSchemas, { schemas: ownSchemas });
 */
export const builtinSchemas: readonly SchemaData[] = [openapi, atOnce, types] as unknown as readonly SchemaData[];
