/** @module The envelope of Kubernetes protobuf bodies: four magic bytes, then runtime.Unknown with the kind and the object's bytes. */
import type { Parsed } from '../names/index.ts';
import { type ProtobufTables, readMessage } from './message.ts';
import { bytesOf, textOf } from './scalars.ts';
import { ProtobufError, wireFields } from './wire.ts';

/** `k8s` and a zero byte (apimachinery `runtime/serializer/protobuf`). */
const magic: readonly number[] = [0x6b, 0x38, 0x73, 0x00];

/** The definition (`io.k8s.api.apps.v1.Deployment`) of a kind; undefined when it has no protobuf form. */
export type DefinitionOf = (apiVersion: string, kind: string) => string | undefined;

type Envelope = { apiVersion: string; kind: string; raw: Uint8Array; encoding: string; type: string };

const readEnvelope = (bytes: Uint8Array): Envelope => {
  const envelope: Envelope = { apiVersion: '', kind: '', raw: new Uint8Array(), encoding: '', type: '' };
  for (const { number, value } of wireFields(bytes)) {
    if (number === 1) {
      for (const field of wireFields(bytesOf(value))) {
        if (field.number === 1) envelope.apiVersion = textOf(bytesOf(field.value));
        if (field.number === 2) envelope.kind = textOf(bytesOf(field.value));
      }
    } else if (number === 2) envelope.raw = bytesOf(value);
    else if (number === 3) envelope.encoding = textOf(bytesOf(value));
    else if (number === 4) envelope.type = textOf(bytesOf(value));
  }
  return envelope;
};

/** True when the body begins as Kubernetes protobuf does. */
export const isKubernetesProtobuf = (body: Uint8Array): boolean => magic.every((byte, index) => body[index] === byte);

/**
 * The JSON object of a body of `application/vnd.kubernetes.protobuf`, with apiVersion and kind. The message on failure is fit for a 400.
 */
export const decodeProtobuf = (body: Uint8Array, tables: ProtobufTables, definitionOf: DefinitionOf): Parsed<Record<string, unknown>> => {
  if (!isKubernetesProtobuf(body)) {
    return { ok: false, message: 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]' };
  }
  try {
    const { apiVersion, kind, raw, encoding, type } = readEnvelope(body.subarray(magic.length));
    if (encoding !== '' || type !== '')
      return { ok: false, message: `protobuf content of type "${type}" and encoding "${encoding}" is not read` };
    const definition = definitionOf(apiVersion, kind);
    if (definition === undefined) return { ok: false, message: `no kind "${kind}" is registered for version "${apiVersion}" in protobuf` };
    return { ok: true, value: { apiVersion, kind, ...readMessage(tables, definition, raw) } };
  } catch (error) {
    if (error instanceof ProtobufError) return { ok: false, message: `unable to decode the protobuf message: ${error.message}` };
    throw error;
  }
};
