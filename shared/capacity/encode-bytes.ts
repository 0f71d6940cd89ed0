/** @module Writes varints and texts into bytes that grow. Integers are safe integers; negative ones go zigzag (as in protobuf's sint64). */

/** A growing buffer. */
export type ByteWriter = {
  /** A safe integer of at least 0, seven bits a byte, least first (LEB128). */
  readonly uint: (value: number) => void;
  /** A safe integer of either sign. */
  readonly int: (value: number) => void;
  /** Length in bytes, then UTF-8. */
  readonly text: (value: string) => void;
  readonly byte: (value: number) => void;
  readonly bytes: () => Uint8Array;
};

const encoder = new TextEncoder();
const firstBytes = 1_024;

/** Zigzag by arithmetic, since bit operations end at 32 bits: 0, -1, 1, -2 → 0, 1, 2, 3. Exact within half of the safe integers. */
export const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

/** Largest absolute value that {@link zigzag} keeps exact. */
export const signedMax = Math.floor(Number.MAX_SAFE_INTEGER / 2);

/** An empty writer. */
export const createByteWriter = (): ByteWriter => {
  let buffer = new Uint8Array(firstBytes);
  let used = 0;
  const room = (more: number): void => {
    if (used + more <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, used + more));
    larger.set(buffer.subarray(0, used));
    buffer = larger;
  };
  const uint = (value: number): void => {
    room(8);
    let rest = value;
    while (rest >= 0x80) {
      buffer[used++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    buffer[used++] = rest;
  };
  return {
    uint,
    int: (value) => uint(zigzag(Math.max(-signedMax, Math.min(signedMax, value)))),
    text: (value) => {
      const bytes = encoder.encode(value);
      uint(bytes.length);
      room(bytes.length);
      buffer.set(bytes, used);
      used += bytes.length;
    },
    byte: (value) => {
      room(1);
      buffer[used++] = value;
    },
    bytes: () => buffer.slice(0, used),
  };
};
