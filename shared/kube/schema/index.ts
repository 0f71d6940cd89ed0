/** @module What is known of kinds: compiled schemas, defaults, strictness, validation, and reading of request bodies. */
export { type Conformed, type ConformReader, conform, objectDepthMax, unknownFieldText } from './conform.ts';
export type { DefaultRule, DefaultStage, RuleCondition } from './default-rule.ts';
export { applyDefaults, type DefaultFunctions, type DefaultOptions } from './defaults.ts';
export { jsonWord } from './go-types.ts';
export { goPrint, isObject, isWithinDepth, type JsonObject, own, put, sortedJson, without } from './json.ts';
export { storedValue, zeroObject } from './native.ts';
export { type ParsedText, type ParseOptions, parseStrict, textDepthMax, textLengthMax, yamlLengthMax } from './parse.ts';
export { anyNode, type ListType, type PatchMeta, type ScalarType, SchemaField, type SchemaKind, SchemaNode } from './schema-node.ts';
export { createSchemaSet, extendSchemaSet, type SchemaData, type SchemaSet } from './schema-set.ts';
export { schemaFaultsMax, validateBySchema } from './validate.ts';
