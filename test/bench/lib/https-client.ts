/** @module An HTTPS client on a thread of its own, as a real one is: its decryption and its waiting do not slow the server it measures. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { Agent, request } from 'undici';
import { messageOf } from '../../../shared/lib/message-of.ts';

/** Who to ask, and as whom; PEM texts. */
export type ClientOptions = { readonly url: string; readonly ca: string; readonly cert: string; readonly key: string };

/** One thing to read: the pages of a list are followed when there is a `limit`. */
export type ReadRequest = { readonly path: string; readonly headers?: Readonly<Record<string, string>>; readonly limit?: number };

/** From the first byte sent to the last byte read. */
export type ReadAnswer = { readonly ms: number; readonly bytes: number };

/** Reads one thing after the other. */
export type HttpsClient = { readonly read: (request: ReadRequest) => Promise<ReadAnswer>; readonly close: () => Promise<void> };

/** Starts the thread. */
export const startHttpsClient = (options: ClientOptions): HttpsClient => {
  const worker = new Worker(new URL(import.meta.url), { workerData: { httpsClient: options }, execArgv: [] });
  return {
    read: (asked) =>
      new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', (answer: ReadAnswer | { error: string }) => {
          worker.off('error', reject);
          if ('error' in answer) reject(new Error(answer.error));
          else resolve(answer);
        });
        worker.postMessage(asked);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
};

const serveReads = ({ url, ca, cert, key }: ClientOptions): void => {
  const dispatcher = new Agent({ connect: { ca, cert, key } });
  const readOne = async (path: string, headers: Readonly<Record<string, string>>): Promise<Buffer> => {
    const { statusCode, body } = await request(`${url}${path}`, { dispatcher, headers });
    const bytes = Buffer.from(await body.arrayBuffer());
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${bytes.toString('utf8', 0, 300)}`);
    return bytes;
  };
  const readAll = async ({ path, headers = {}, limit }: ReadRequest): Promise<number> => {
    if (limit === undefined) return (await readOne(path, headers)).length;
    let bytes = 0;
    let after = '';
    do {
      const page = await readOne(`${path}?limit=${limit}${after === '' ? '' : `&continue=${encodeURIComponent(after)}`}`, headers);
      bytes += page.length;
      after = /"continue":"([^"]+)"/.exec(page.toString('utf8', 0, 2_000))?.[1] ?? '';
    } while (after !== '');
    return bytes;
  };
  parentPort?.on('message', async (asked: ReadRequest) => {
    try {
      const started = performance.now();
      const bytes = await readAll(asked);
      parentPort?.postMessage({ ms: performance.now() - started, bytes });
    } catch (error) {
      parentPort?.postMessage({ error: messageOf(error) });
    }
  });
};

const started: unknown = workerData;
if (typeof started === 'object' && started !== null && 'httpsClient' in started) serveReads(started.httpsClient as ClientOptions);
