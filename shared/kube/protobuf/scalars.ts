/** @module Protobuf values that are one value in JSON: numbers, strings, base64 and the types Go marshals by hand. */
import { ProtobufError, type WireField, WireReader, wireFields } from './wire.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const base64ChunkBytes = 0x8000;

/** Bytes as standard base64 with padding. */
export const toBase64 = (bytes: Uint8Array): string => {
  let binary = '';
  for (let at = 0; at < bytes.length; at += base64ChunkBytes) binary += String.fromCharCode(...bytes.subarray(at, at + base64ChunkBytes));
  return btoa(binary);
};

/** The bytes of a length-delimited field. */
export const bytesOf = (value: WireField['value']): Uint8Array => {
  if ('bytes' in value) return value.bytes;
  throw new ProtobufError('a number stands where text or a message belongs');
};

/** The text of a field. */
export const textOf = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new ProtobufError('a text is not UTF-8', { cause });
  }
};

const floatOf = (bits: bigint): number => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
};

/** A scalar of the type named in the table. */
const scalarOf = (type: string, bits: bigint): number | boolean => {
  if (type === 'bool') return bits !== 0n;
  if (type === 'float64') return floatOf(bits);
  return Number(BigInt.asIntN(type === 'int32' ? 32 : 64, bits));
};

/** The scalars of one field: more than one when a list of numbers is packed. */
export const scalarsOf = (type: string, value: WireField['value']): (string | number | boolean)[] => {
  if (type === 'string') return [textOf(bytesOf(value))];
  if (type === 'bytes') return [toBase64(bytesOf(value))];
  if ('bits' in value) return [scalarOf(type, value.bits)];
  const reader = new WireReader(value.bytes);
  const scalars: (number | boolean)[] = [];
  while (!reader.isDone) scalars.push(scalarOf(type, type === 'float64' ? reader.fixed(8) : reader.varint()));
  return scalars;
};

/** The fields of a message that holds only scalars, by number; texts stay bytes. */
const plainFields = (bytes: Uint8Array): Map<number, WireField['value']> =>
  new Map([...wireFields(bytes)].map(({ number, value }) => [number, value]));

const integerOf = (value: WireField['value'] | undefined): bigint =>
  value !== undefined && 'bits' in value ? BigInt.asIntN(64, value.bits) : 0n;

/** The years 1 to 9999, which a Timestamp may name (google/protobuf/timestamp.proto). */
const [secondsMin, secondsMax] = [-62_135_596_800n, 253_402_300_799n];

/** The time of a Timestamp message with so many digits after the second; undefined for Go's zero time. */
const timeOf = (bytes: Uint8Array, digits: number): string | undefined => {
  const fields = plainFields(bytes);
  const [seconds, nanos] = [integerOf(fields.get(1)), integerOf(fields.get(2))];
  if (seconds === 0n && nanos === 0n) return undefined;
  if (seconds > secondsMax || seconds < secondsMin) throw new ProtobufError('a time lies outside the calendar');
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return digits === 0 ? `${text}Z` : `${text}.${nanos.toString().padStart(9, '0').slice(0, digits)}Z`;
};

const intOrString = (bytes: Uint8Array): number | string => {
  const fields = plainFields(bytes);
  const text = fields.get(3);
  if (integerOf(fields.get(1)) === 1n) return text === undefined ? '' : textOf(bytesOf(text));
  return Number(BigInt.asIntN(32, integerOf(fields.get(2))));
};

const textField = (bytes: Uint8Array): string => {
  const text = plainFields(bytes).get(1);
  return text === undefined ? '' : textOf(bytesOf(text));
};

const jsonField = (bytes: Uint8Array): unknown => {
  const text = textField(bytes);
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProtobufError('embedded JSON is malformed', { cause });
  }
};

const durationOf = (bytes: Uint8Array): string => `${integerOf(plainFields(bytes).get(1))}ns`;

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Messages that Go writes as one JSON value; they answer undefined for what Go leaves out. */
export const handWritten: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': (bytes) => textField(bytes) || '0',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': intOrString,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': jsonField,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': jsonField,
  [`${meta}.FieldsV1`]: jsonField,
  [`${meta}.Time`]: (bytes) => timeOf(bytes, 0),
  [`${meta}.MicroTime`]: (bytes) => timeOf(bytes, 6),
  [`${meta}.Duration`]: durationOf,
};
