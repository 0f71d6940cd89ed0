/** @module Protobuf bodies of the built-in kinds. */
import type { Parsed } from '../names/index.ts';
import { parseApiVersion } from '../object.ts';
import { decodeProtobuf, type ProtobufTables } from '../protobuf/index.ts';
import types from './data/types.json' with { type: 'json' };
import { schemaNameOf } from './schema-name.ts';

const tables = types as unknown as ProtobufTables;

/** Kinds that every group has as its own: they are one Go type. */
const commonKinds: readonly string[] = [
  'DeleteOptions',
  'CreateOptions',
  'UpdateOptions',
  'PatchOptions',
  'ListOptions',
  'GetOptions',
  'Status',
];

const definitionOf = (apiVersion: string, kind: string): string | undefined => {
  const { group, version } = parseApiVersion(apiVersion);
  const name = commonKinds.includes(kind) ? `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}` : schemaNameOf(group, version, kind);
  return Object.hasOwn(tables.protobuf, name) ? name : undefined;
};

/** A body of `application/vnd.kubernetes.protobuf` as a JSON object with apiVersion and kind, or why it is none. */
export const decodeBuiltinProtobuf = (body: Uint8Array): Parsed<Record<string, unknown>> => decodeProtobuf(body, tables, definitionOf);
