/** @module Text from a server in the member's own network, such as an exporter in a pod: over plain HTTP, without credentials, bounded. */
import { Pool } from 'undici';
import { refusalOf } from './answer.ts';
import { ApiError } from './api-error.ts';
import type { AnswerLimits } from './http-client.ts';
import { readText } from './transport.ts';

/** The text at a URL. Rejects with an ApiError, or a StatusError when the server refuses; redirects are not followed. */
export const plainText = async (url: string, { timeoutMs, bytesMax }: AnswerLimits): Promise<string> => {
  const { origin, pathname, search } = new URL(url);
  const signal = AbortSignal.timeout(timeoutMs);
  const pool = new Pool(origin, { connections: 1, connect: { timeout: timeoutMs } });
  try {
    const path = `${pathname}${search}`;
    const answer = await pool.request({ method: 'GET', path, signal, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
    const text = await readText(answer.body, bytesMax);
    if (answer.statusCode >= 300) throw refusalOf(answer.statusCode, text);
    return text;
  } catch (error) {
    if (signal.aborted) throw new ApiError('Timeout', `${url} did not answer within ${timeoutMs} ms`, { cause: error });
    throw error;
  } finally {
    await pool.destroy();
  }
};
