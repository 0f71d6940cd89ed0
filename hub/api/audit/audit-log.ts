/**
 * @module The audit log: JSON lines in a file that is rotated. A disk that is full or gone never stops the API: lines that cannot be
 * written are counted as lost, and the health check says so until a line goes through again.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../../../shared/lib/index.ts';
import { messageOf } from '../../../shared/lib/message-of.ts';

/** Bytes after which a new file is begun. */
export const AUDIT_FILE_BYTES_MAX = 100 * 1024 * 1024;

/** Files kept beside the current one: `audit.log.1` is the newest of them. */
export const AUDIT_FILES_KEPT = 5;

/** Lines that may wait for the disk; further ones are counted as lost. */
export const AUDIT_QUEUE_MAX = 10_000;

/** Settings of {@link openAuditLog}. */
export type AuditLogOptions = {
  readonly file: string;
  readonly log: Log;
  readonly fileBytesMax?: number;
  readonly queueMax?: number;
};

/** What the log has done so far. */
export type AuditFigures = { readonly written: number; readonly lost: number; readonly failing: string | undefined };

/** The open log. */
export type AuditLog = {
  /** Takes one event; it is on its way to the file when this returns. */
  readonly write: (event: object) => void;
  readonly figures: () => AuditFigures;
  /** For `/readyz`: what is wrong, undefined when lines are written. */
  readonly check: () => string | undefined;
  /** Writes what waits and closes the file. */
  readonly close: () => Promise<void>;
};

/** Opens the log at its first line, so that even a directory that cannot be written does not stop the hub. */
export const openAuditLog = ({ file, log, fileBytesMax = AUDIT_FILE_BYTES_MAX, queueMax = AUDIT_QUEUE_MAX }: AuditLogOptions): AuditLog => {
  const target = rotatingFile(file, fileBytesMax);
  let waiting: string[] = [];
  let inHand = 0;
  let written = 0;
  let lost = 0;
  let failing: string | undefined;
  let running: Promise<void> | undefined;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      inHand = lines.length;
      try {
        await target.append(lines.join(''));
        written += lines.length;
        if (failing !== undefined) log.info('the audit log is written again', { file, lost });
        failing = undefined;
      } catch (error) {
        lost += lines.length;
        const reason = messageOf(error);
        if (failing === undefined)
          log.error('the audit log cannot be written; requests go on, their lines are lost', { file, error: reason });
        failing = reason;
      }
      inHand = 0;
    }
    running = undefined;
  };

  return {
    write: (event) => {
      if (waiting.length + inHand >= queueMax) {
        lost += 1;
        return;
      }
      waiting.push(`${JSON.stringify(event)}\n`);
      running ??= drain();
    },
    figures: () => ({ written, lost, failing }),
    check: () =>
      failing === undefined
        ? undefined
        : `audit log ${file} cannot be written (${failing}); ${lost} lines lost: free space or mend its permissions`,
    close: async () => {
      await running;
      await target.close();
    },
  };
};

/** A file that begins anew at a size. */
const rotatingFile = (file: string, bytesMax: number) => {
  let handle: FileHandle | undefined;
  let bytes = 0;
  // After a failed write the file may end in half a line; the next write then begins a line of its own.
  let torn = false;

  const close = async (): Promise<void> => {
    const open = handle;
    handle = undefined;
    await open?.close();
  };
  const reopen = async (): Promise<FileHandle> => {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const opened = await open(file, 'a', 0o600);
    bytes = (await opened.stat()).size;
    return opened;
  };
  const append = async (text: string): Promise<void> => {
    handle ??= await reopen();
    if (bytes >= bytesMax) {
      await close();
      await rotate(file);
      handle = await reopen();
    }
    try {
      const data = torn ? `\n${text}` : text;
      await handle.appendFile(data);
      bytes += Buffer.byteLength(data);
      torn = false;
    } catch (error) {
      torn = true;
      await close().catch(() => undefined);
      throw error;
    }
  };
  return { append, close };
};

/** `audit.log` → `audit.log.1` → … ; the oldest goes. */
const rotate = async (file: string): Promise<void> => {
  await rm(`${file}.${AUDIT_FILES_KEPT}`, { force: true });
  for (let age = AUDIT_FILES_KEPT - 1; age >= 0; age--) {
    const from = age === 0 ? file : `${file}.${age}`;
    await rename(from, `${file}.${age + 1}`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
};
