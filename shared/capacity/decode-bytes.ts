/** @module Reads what the byte writer wrote, from a peer that may be hostile: no count is believed beyond the bytes that are there. */

/** Bytes that are no report; `message` says what is wrong. Thrown inside the decoder only, which answers it as a value. */
export class BytesRefused extends Error {
  override name = 'BytesRefused';
}

/** Reads in the order of writing; each throws {@link BytesRefused} at the end of the bytes or on a value out of range. */
export type ByteReader = { readonly [K in 'uint' | 'int' | 'byte']: () => number } & {
  readonly text: (maxBytes: number) => string;
  /** A count of things that take at least one byte each. */
  readonly count: (max: number) => number;
  readonly left: () => number;
};

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The inverse of the writer's zigzag. */
export const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** A reader from the first byte. */
export const createByteReader = (bytes: Uint8Array): ByteReader => {
  let at = 0;
  const byte = (): number => {
    const value = bytes[at];
    if (value === undefined) throw new BytesRefused('ends too early');
    at += 1;
    return value;
  };
  const uint = (): number => {
    let value = 0;
    let factor = 1;
    for (let read = 0; read < 8; read++) {
      const next = byte();
      value += (next & 0x7f) * factor;
      if (next < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      factor *= 0x80;
    }
    throw new BytesRefused('has an integer beyond 2^53');
  };
  return {
    byte,
    uint,
    int: () => unzigzag(uint()),
    text: (maxBytes) => {
      const length = uint();
      if (length > maxBytes) throw new BytesRefused(`has a text of ${length} bytes, at most ${maxBytes} are allowed`);
      if (length > bytes.length - at) throw new BytesRefused('ends too early');
      at += length;
      try {
        return decoder.decode(bytes.subarray(at - length, at));
      } catch {
        throw new BytesRefused('has a text that is not UTF-8');
      }
    },
    count: (max) => {
      const count = uint();
      if (count > max) throw new BytesRefused(`counts ${count} entries, at most ${max} are allowed`);
      if (count > bytes.length - at) throw new BytesRefused('counts more entries than it has bytes');
      return count;
    },
    left: () => bytes.length - at,
  };
};
