/** @module The writer on a thread of its own, so that a slow fsync never holds up the hub's event loop. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Gap } from '../../shared/kube/storage/index.ts';
import { present } from '../../shared/lib/assert.ts';
import { messageOf } from '../../shared/lib/message-of.ts';
import { openHandle } from './database.ts';
import type { WriterStatements } from './statements.ts';
import { codeOf } from './store-error.ts';
import { createWriter, type HistoryRetention, type RowList, rowsOfList } from './writer.ts';

/** What the thread is started with. */
export type WriterThreadData = { readonly file: string; readonly bytesMax: number | undefined; readonly statements: WriterStatements };

/** A piece of work; answered in order. */
export type WriterRequest =
  | { readonly kind: 'append'; readonly rows: RowList }
  | { readonly kind: 'compact'; readonly revision: number }
  | { readonly kind: 'keepGaps'; readonly gaps: readonly Gap[] }
  | { readonly kind: 'pruneHistory'; readonly retention: HistoryRetention }
  | { readonly kind: 'close' };

/** `more`: the same request has more to do. A refusal carries SQLite's code, since errors lose theirs on the way between threads. */
export type WriterAnswer =
  | { readonly ok: true; readonly more: boolean }
  | { readonly ok: false; readonly code: string; readonly message: string };

const start = (data: WriterThreadData): void => {
  const port = present(parentPort, 'the port of the writer thread');
  const writer = createWriter(openHandle(data.file, data.bytesMax), data.statements);
  const perform = (request: WriterRequest): boolean => {
    if (request.kind === 'compact') return writer.compact(request.revision);
    if (request.kind === 'pruneHistory') return writer.pruneHistory(request.retention);
    if (request.kind === 'keepGaps') writer.keepGaps(request.gaps);
    else if (request.kind === 'append') writer.append(rowsOfList(request.rows));
    else writer.close();
    return false;
  };
  port.on('message', (request: WriterRequest) => {
    let answer: WriterAnswer;
    try {
      answer = { ok: true, more: perform(request) };
    } catch (error) {
      answer = { ok: false, code: codeOf(error), message: messageOf(error) };
    }
    port.postMessage(answer);
    if (request.kind === 'close') port.close();
  });
};

start(workerData as WriterThreadData);
