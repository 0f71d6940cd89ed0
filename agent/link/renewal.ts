/** @module When and how a credential is renewed over the bus, before it ends. */
import type { NatsConnection } from 'nats';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { decodeMessage, encodeMessage } from '../../shared/wire/decode.ts';
import { upSubject } from '../../shared/wire/subjects.ts';

const renewTimeoutMs = 10_000;
const retryMsMin = 1_000;
/** A renewal that failed is tried again after this share of what is left of the credential's life. */
const retryShare = 20;

/** When to renew: at half of the remaining life, ± 10 %, so that a fleet that joined at once does not renew at once. */
export const renewAfterMs = (leftMs: number, random: () => number): number => Math.max(0, (leftMs / 2) * (0.9 + random() / 5));

/** When to try again after a failure. */
export const retryAfterMs = (leftMs: number): number => Math.max(retryMsMin, leftMs / retryShare);

/** Asks for a new credential of the same key. @throws Error with the hub's reason, or when nobody answers. */
export const askForCredential = async (
  connection: NatsConnection,
  cluster: string,
  publicKey: string,
): Promise<{ jwt: string; expiresAtMs: number }> => {
  const request = encodeMessage('renew', { v: 1, cluster, publicKey }).bytes;
  const message = await connection.request(upSubject(cluster, 'renew'), request, { timeout: renewTimeoutMs });
  const decoded = decodeMessage('renewAnswer', message.data);
  if (!decoded.ok) throw new Error(decoded.message);
  if (!decoded.value.ok) throw new Error(`the hub refused: ${decoded.value.message}`);
  return { jwt: decoded.value.jwt, expiresAtMs: decoded.value.expiresAtMs };
};

export type RenewalOptions = {
  readonly env: RuntimeEnv;
  /** Renews once; rejects to be tried again. */
  readonly renew: () => Promise<void>;
};

/** A timer that renews. */
export interface RenewalTimer {
  /** Plans the renewal of a credential that ends then; the plan before is dropped. */
  plan(expiresAtMs: number): void;
  cancel(): void;
}

/** A timer that is not set. */
export const makeRenewalTimer = ({ env, renew }: RenewalOptions): RenewalTimer => {
  let cancel: () => void = () => undefined;
  const planAfter = (afterMs: number, expiresAtMs: number): void => {
    cancel();
    let isDropped = false;
    const cancelTimer = env.setTimer(afterMs, () => {
      renew().catch((error: unknown) => {
        const leftMs = expiresAtMs - env.nowMs();
        env.log.warn('the credential could not be renewed yet', { error: String(error), expiresInMs: leftMs });
        if (!isDropped && leftMs > 0) planAfter(retryAfterMs(leftMs), expiresAtMs);
      });
    });
    cancel = () => {
      isDropped = true;
      cancelTimer();
    };
  };
  return {
    plan: (expiresAtMs) => planAfter(renewAfterMs(expiresAtMs - env.nowMs(), env.random), expiresAtMs),
    cancel: () => cancel(),
  };
};
