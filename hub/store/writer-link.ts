/** @module The event loop's end of the writer thread: requests go in order, each answered once. */
import { Worker } from 'node:worker_threads';
import { present } from '../../shared/lib/index.ts';
import { messageOf } from '../../shared/lib/message-of.ts';
import { storeErrorOf } from './store-error.ts';
import type { WriterAnswer, WriterRequest, WriterThreadData } from './writer-thread.ts';

/** An error of the writer thread with SQLite's code; `ended` = the thread itself is gone and nothing more will be written. */
export class WriterError extends Error {
  override name = 'WriterError';
  readonly code: string;
  readonly ended: boolean;
  constructor(code: string, message: string, ended: boolean, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.ended = ended;
  }
}

/** Sends work to the writer thread. */
export type WriterLink = {
  /** Resolves when it is on disk, with whether the same request has more to do; rejects with a {@link WriterError}. */
  readonly send: (request: WriterRequest) => Promise<boolean>;
  /** Lets the thread finish and close its handle. */
  readonly close: () => Promise<void>;
};

type Waiting = { readonly resolve: (more: boolean) => void; readonly reject: (error: WriterError) => void };

/** Starts the thread. It keeps the process alive only while work is under way. */
export const startWriter = (data: WriterThreadData): WriterLink => {
  const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), { workerData: data, execArgv: [], name: 'journal' });
  const waiting: Waiting[] = [];
  let ended: WriterError | undefined;

  const end = (error: WriterError): void => {
    ended ??= error;
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  worker.on('message', (answer: WriterAnswer) => {
    const { resolve, reject } = present(waiting.shift(), 'a request for the answer of the writer thread');
    if (waiting.length === 0) worker.unref();
    if (answer.ok) resolve(answer.more);
    else reject(new WriterError(answer.code, storeErrorOf(answer, data.file)?.message ?? answer.message, false));
  });
  worker.on('error', (cause) => end(new WriterError('', `the journal's writer failed: ${messageOf(cause)}`, true, { cause })));
  worker.on('exit', () => end(new WriterError('', "the journal's writer has ended", true)));
  worker.unref();

  const send = (request: WriterRequest): Promise<boolean> =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended);
      waiting.push({ resolve, reject });
      worker.ref();
      worker.postMessage(request);
    });
  return {
    send,
    close: async () => {
      if (ended === undefined) await send({ kind: 'close' });
      await worker.terminate();
    },
  };
};
