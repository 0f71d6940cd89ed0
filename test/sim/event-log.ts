/** @module What happened in a run: every line goes into one hash, the last lines are kept for the report. */
import { createHash } from 'node:crypto';

/** The log of one run. */
export type EventLog = {
  /** Adds a line; it is part of the hash. */
  readonly say: (line: string) => void;
  /** Adds text to the hash without a line: contents that are too long to print. */
  readonly digest: (text: string) => void;
  /** The last lines, oldest first. */
  readonly tail: () => readonly string[];
  /** SHA-256 of everything said so far, hex. Ends the log. */
  readonly hash: () => string;
};

/** Lines kept for the report of a failing run. */
const tailLinesMax = 60;

/** Characters that are hashed at once. */
const gatheredMax = 65_536;

/** A new log; `print` gets each line as it comes. */
export const createEventLog = (print?: (line: string) => void): EventLog => {
  const hash = createHash('sha256');
  const lines: string[] = [];
  let gathered = '';
  const digest = (text: string): void => {
    gathered += text;
    if (gathered.length < gatheredMax) return;
    hash.update(gathered);
    gathered = '';
  };
  return {
    say: (line) => {
      digest(`${line}\n`);
      lines.push(line);
      if (lines.length > 2 * tailLinesMax) lines.splice(0, tailLinesMax);
      print?.(line);
    },
    digest,
    tail: () => lines.slice(-tailLinesMax),
    hash: () => hash.update(gathered).digest('hex'),
  };
};
