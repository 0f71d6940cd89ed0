/** @module Writes length-delimited protobuf fields (protobuf.dev, "Encoding"), as pieces that the caller joins once. */

const LENGTH_DELIMITED = 2;
const encoder = new TextEncoder();

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
};

const header = (number: number, length: number): Uint8Array =>
  Uint8Array.from([...varint(number * 8 + LENGTH_DELIMITED), ...varint(length)]);

/** A string field. */
export const textField = (number: number, text: string): Uint8Array[] => {
  const bytes = encoder.encode(text);
  return [header(number, bytes.length), bytes];
};

/** A field that holds a message of these pieces. */
export const messageField = (number: number, pieces: readonly Uint8Array[]): Uint8Array[] => {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [header(number, length), ...pieces];
};
