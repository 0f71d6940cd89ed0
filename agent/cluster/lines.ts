/** @module Cuts a byte stream into lines, with a limit on each, so that a peer that never ends a line costs bounded memory. */

/** Thrown when a line grows beyond the limit. */
export class LineTooLongError extends Error {
  override name = 'LineTooLongError';
}

/** Takes chunks and gives back the lines they complete; keeps the rest for the next chunk. Empty lines are dropped. */
export type LineSplitter = (chunk: Uint8Array) => readonly string[];

const NEWLINE = 10;

/** A splitter whose lines have at most `bytesMax` bytes; a longer one throws {@link LineTooLongError}. */
export const createLineSplitter = (bytesMax: number): LineSplitter => {
  let parts: Uint8Array[] = [];
  let partsBytes = 0;
  const keep = (part: Uint8Array): void => {
    partsBytes += part.byteLength;
    if (partsBytes > bytesMax) throw new LineTooLongError(`a line is longer than ${bytesMax} bytes`);
    if (part.byteLength > 0) parts.push(part);
  };
  return (chunk) => {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, at));
      if (partsBytes > 0) lines.push(Buffer.concat(parts).toString('utf8'));
      parts = [];
      partsBytes = 0;
      from = at + 1;
    }
    keep(chunk.subarray(from));
    return lines;
  };
};
