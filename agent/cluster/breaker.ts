/** @module The breaker around a member's API server: after enough failures calls are refused at once, and one at a time tries again. */
import CircuitBreaker from 'opossum';
import { StatusError } from '../../shared/kube/status-error.ts';
import { ApiError } from './api-error.ts';

/** Runs a call, or rejects with ApiError `BreakerOpen`. */
export interface Breaker {
  fire<T>(call: () => Promise<T>): Promise<T>;
  open(): boolean;
  close(): void;
}

/** Settings; the defaults fit an API server on a LAN. */
export type BreakerOptions = {
  /** Calls within the window before the share of failures counts: without it one failed first call opens the breaker. */
  readonly volumeThreshold?: number;
  readonly errorPercent?: number;
  readonly windowMs?: number;
  readonly retryAfterMs?: number;
};

/** A breaker; refusals below 500 are answers of a healthy server and do not count. */
export const createBreaker = (server: string, options: BreakerOptions = {}): Breaker => {
  const circuit = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
    name: server,
    // Calls carry their own deadlines.
    timeout: false,
    volumeThreshold: options.volumeThreshold ?? 8,
    errorThresholdPercentage: options.errorPercent ?? 50,
    rollingCountTimeout: options.windowMs ?? 10_000,
    resetTimeout: options.retryAfterMs ?? 3_000,
    enableSnapshots: false,
    errorFilter: (error: unknown) => error instanceof StatusError && error.code < 500,
  });
  return {
    fire: async <T>(call: () => Promise<T>): Promise<T> => {
      try {
        return (await circuit.fire(call)) as T;
      } catch (error) {
        if ((error as { code?: unknown } | null)?.code !== 'EOPENBREAKER') throw error;
        throw new ApiError('BreakerOpen', `the API server ${server} failed too often; the next call is tried within seconds`, {
          cause: error,
        });
      }
    },
    open: () => circuit.opened,
    close: () => circuit.shutdown(),
  };
};
