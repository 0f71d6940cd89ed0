/** @module What only Kubernetes' Go types know: fields dropped when empty, fields written even when empty, protobuf field numbers. */
import { dirname } from 'node:path';
import { runToEnd } from '../child.ts';
import { isObject, type Json } from './stable-json.ts';

/** One protobuf field: its JSON name (empty for an inlined struct), its type, and the message it holds if any. */
export type ProtobufField = readonly [name: string, type: string, message?: string];

/** The types file; each part by definition name. */
export type Types = {
  /** Fields that a round trip drops when they are `""`, 0, false, `[]` or `{}`. `null` is dropped everywhere. */
  readonly omitEmpty: Readonly<Record<string, readonly string[]>>;
  /** Fields the server writes even when nobody set them, with what it writes; `{}` is a struct with an entry of its own. */
  readonly always: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** By field number. Types: string, bool, int32, int64, float64, bytes, message, list (a message whose field 1 is the list), `T[]` (unpacked), `map<T>` (keys are strings). */
  readonly protobuf: Readonly<Record<string, Readonly<Record<string, ProtobufField>>>>;
};

/** Runs `gotypes` (Go, in the testbed's module) for the group versions that are served. */
export const readTypes = async (groupVersions: readonly string[]): Promise<Types> => {
  const args = ['run', '-buildvcs=false', '-trimpath', './gotypes', ...groupVersions, 'meta.k8s.io/v1'];
  const result = await runToEnd('go', args, { cwd: dirname(import.meta.dirname), env: { ...process.env, CGO_ENABLED: '0' } });
  if (result.code !== 0) throw new Error(`go ${args.join(' ')} ended with ${result.code}:\n${result.stderr}`);
  const messages: unknown = JSON.parse(result.stdout);
  const types: { [Part in keyof Types]: Record<string, Types[Part][string]> } = { omitEmpty: {}, always: {}, protobuf: {} };
  for (const [definition, found] of Object.entries(isObject(messages) ? messages : {})) {
    const message = found as unknown as { [Part in keyof Types]?: Types[Part][string] };
    if (message.omitEmpty) types.omitEmpty[definition] = [...message.omitEmpty].sort();
    if (message.always) types.always[definition] = message.always;
    if (message.protobuf) types.protobuf[definition] = message.protobuf;
  }
  return types;
};
