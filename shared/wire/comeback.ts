/**
 * @module How long an agent that lives takes to come back to a hub, or a broker, that was away: its waits between tries and its patience with
 * one try. The agent goes by them, and by their sum the hub knows when silence after its own absence begins to mean something.
 */
import type { BackoffOptions } from '../lib/backoff.ts';

/** Between requests to join. */
export const joinBackoff: BackoffOptions = { baseMs: 1_000, maxMs: 30_000 };

/** A request to join that has no answer by then has failed. */
export const joinRequestMsMax = 15_000;

/** Between connections to the broker. */
export const connectBackoff: BackoffOptions = { baseMs: 500, maxMs: 15_000 };

/** A connection that is not there by then has failed. */
export const connectMsMax = 10_000;

/** The longest way back: a request to join and a connection that both fail at the last moment, and the longest wait after each. */
export const comebackMsMax = joinRequestMsMax + joinBackoff.maxMs + connectMsMax + connectBackoff.maxMs;
