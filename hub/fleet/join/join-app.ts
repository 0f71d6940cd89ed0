/** @module POST /join/v1: where agents that are not yet known ask to join. Anonymous but for the token, so it is small and slow to anger. */
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { decodeMessage } from '../../../shared/wire/decode.ts';
import { bytesMax } from '../../../shared/wire/limits.ts';
import type { JoinAnswer, JoinRefusal } from '../../../shared/wire/messages.ts';
import type { JoinOffice } from './office.ts';
import { makeFailureLimit } from './rate-limit.ts';

export type JoinAppOptions = {
  readonly env: RuntimeEnv;
  readonly office: JoinOffice;
  /** The peer's address, for the rate limit; `c.env` is what the HTTP server binds. */
  readonly addressOf: (env: unknown) => string;
};

const statusOf: Readonly<Record<JoinRefusal, ContentfulStatusCode>> = {
  TokenUnknown: 401,
  TokenExpired: 403,
  TokenUsedUp: 403,
  NameTaken: 409,
  KeyTaken: 409,
  ClusterTaken: 409,
  NameInvalid: 422,
  ProofInvalid: 401,
  ClockSkew: 403,
  Revoked: 403,
  Denied: 403,
  RateLimited: 429,
  Malformed: 400,
};

/** Refusals that a guesser would see; they count against the address. */
const isGuess = (reason: JoinRefusal): boolean => reason === 'TokenUnknown' || reason === 'ProofInvalid' || reason === 'Malformed';

const refusal = (reason: JoinRefusal, message: string): JoinAnswer => ({ v: 1, state: 'Refused', reason, message });

/** The app to mount: `app.route('/join/v1', joinApp({…}))`. */
export const joinApp = ({ env, office, addressOf }: JoinAppOptions): Hono => {
  const limit = makeFailureLimit(env.monotonicMs);
  const app = new Hono();
  const tooLarge = refusal('Malformed', `a join request has at most ${bytesMax.join} bytes`);
  app.post('/', bodyLimit({ maxSize: bytesMax.join, onError: (c) => c.json(tooLarge, 413) }), async (c) => {
    const address = addressOf(c.env);
    const decoded = decodeMessage('join', new Uint8Array(await c.req.arrayBuffer()));
    // The request is looked at before the limit: whoever has a token or a known key gets in, however many others guess, also from one address.
    const answer = decoded.ok ? await office(decoded.value, address) : refusal('Malformed', decoded.message);
    if (answer.state === 'Refused') {
      const waitMs = isGuess(answer.reason) ? limit.waitMs(address) : 0;
      if (waitMs > 0) {
        const seconds = Math.ceil(waitMs / 1_000);
        c.header('Retry-After', String(seconds));
        return c.json({ ...refusal('RateLimited', `too many refused requests: wait ${seconds} s`), retryAfterMs: waitMs }, 429);
      }
      env.log.warn('refused a join request', { address, reason: answer.reason, cluster: decoded.ok ? decoded.value.name : undefined });
      if (isGuess(answer.reason)) limit.fail(address);
      return c.json(answer, statusOf[answer.reason]);
    }
    return c.json(answer, answer.state === 'Pending' ? 202 : 200);
  });
  app.onError((error, c) => {
    env.log.error('a join request failed', { error: error.stack ?? error.message });
    const answer: JoinAnswer = {
      v: 1,
      state: 'Pending',
      message: 'the hub could not store the request; it is tried again',
      retryAfterMs: 5_000,
    };
    return c.json(answer, 503);
  });
  return app;
};
