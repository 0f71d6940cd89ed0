/**
 * @module The question of a DNS message, byte by byte: a label may be any bytes (RFC 2181 §11), and what goes back is exactly what was asked, so
 * that no reading of strange bytes as text makes it another name, or longer.
 */

/** A question as it came. */
export type Question = {
  /**
   * The name without its last dot, `.` for the root. A dot, a backslash and what is not printable ASCII within a label is written `\DDD`
   * (RFC 1035 §5.1), which no name of a zone has.
   */
  readonly name: string;
  /** Name, type and class, to be sent back. */
  readonly bytes: Buffer;
};

const headerLength = 12;
/** Of type and class. */
const tailLength = 4;
/** RFC 1035 §3.1, the root's own byte counted. */
const nameLengthMax = 255;
const labelLengthMax = 63;

const letterOf = (byte: number): string => {
  const letter = String.fromCharCode(byte);
  return byte > 0x20 && byte < 0x7f && letter !== '.' && letter !== '\\' ? letter : `\\${String(byte).padStart(3, '0')}`;
};

/** The first question of a message; undefined when it is cut short, too long, or points elsewhere, where there is nothing to point to yet. */
export const readQuestion = (message: Buffer): Question | undefined => {
  const labels: string[] = [];
  let at = headerLength;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > labelLengthMax || at + length + 1 - headerLength > nameLengthMax) return undefined;
    if (length === 0) break;
    labels.push(Array.from(message.subarray(at + 1, at + 1 + length), letterOf).join(''));
    at += length + 1;
  }
  const end = at + 1 + tailLength;
  if (end > message.length) return undefined;
  return { name: labels.length === 0 ? '.' : labels.join('.'), bytes: message.subarray(headerLength, end) };
};

/** A message that was made without a question, with this one in its place. Names in it must not be compressed: nothing is moved for them. */
export const withQuestion = (message: Buffer, { bytes }: Question): Buffer => {
  const whole = Buffer.concat([message.subarray(0, headerLength), bytes, message.subarray(headerLength)]);
  whole.writeUInt16BE(1, 4);
  return whole;
};
