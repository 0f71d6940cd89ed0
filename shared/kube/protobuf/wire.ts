/** @module The protobuf wire format: field numbers, varints, lengths (protobuf.dev, "Encoding"). */

/** What a client sent is no protobuf message of the kind it says. */
export class ProtobufError extends Error {
  override name = 'ProtobufError';
}

/** One field as it stands on the wire. `bits`: a varint or fixed number; `bytes`: a string, bytes, a message or packed numbers. */
export type WireField = { readonly number: number; readonly value: { readonly bits: bigint } | { readonly bytes: Uint8Array } };

const varintBytesMax = 10;
const continuation = 0x80;

/** A place in a body; every read checks that the bytes are there. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** True when all bytes are read. */
  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** An unsigned number of up to 64 bits. */
  varint(): bigint {
    let value = 0n;
    for (let index = 0; index < varintBytesMax; index++) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new ProtobufError('the message ends within a number');
      this.#at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if ((byte & continuation) === 0) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError(`a number has more than ${varintBytesMax} bytes`);
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new ProtobufError('the message ends within a field');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A number of `size` bytes, least byte first. */
  fixed(size: 4 | 8): bigint {
    return this.take(size).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }
}

const readValue = (reader: WireReader, wireType: number): WireField['value'] => {
  switch (wireType) {
    case 0:
      return { bits: reader.varint() };
    case 1:
      return { bits: reader.fixed(8) };
    case 2:
      return { bytes: reader.take(Number(reader.varint())) };
    case 5:
      return { bits: reader.fixed(4) };
    default:
      throw new ProtobufError(`wire type ${wireType} is not used by Kubernetes`);
  }
};

/** The fields of a message in the order they were written. Throws {@link ProtobufError} when the bytes are no message. */
export function* wireFields(bytes: Uint8Array): Generator<WireField> {
  const reader = new WireReader(bytes);
  while (!reader.isDone) {
    const tag = reader.varint();
    yield { number: Number(tag >> 3n), value: readValue(reader, Number(tag & 7n)) };
  }
}
