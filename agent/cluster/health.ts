/** @module Whether the member's API server answers, asked every few seconds apart from all other traffic. */
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { failureOf } from './api-error.ts';
import type { ApiHealth, MemberApi } from './http-client.ts';

/** A running look-out. */
export type HealthWatch = { readonly current: () => ApiHealth; readonly stop: () => void };

/** Settings of {@link watchHealth}. */
export type HealthOptions = { readonly intervalMs?: number; readonly failuresMax?: number };

/** Reason of a server that was not asked yet. */
export const notAsked = 'Unknown';

/** Why a member's API does not serve the agent, with where its address and the credentials come from, and the mend. */
export const troubleText = ({ source }: Pick<MemberApi, 'source'>, error: unknown): string => {
  const { reason, message } = failureOf(error);
  if (source === undefined) return message;
  return reason === 'Unauthorized'
    ? `${message}: the credentials of ${source} are not valid there, or no more: put valid ones in`
    : `${message} (address and credentials are those of ${source})`;
};

const INTERVAL_MS = 2_000;
/** Probes that must fail in a row: one lost answer is no outage. */
const FAILURES_MAX = 2;

/** Starts; `onChange` is told each change of the answer. Before the first answer the server counts as not reachable. */
export const watchHealth = (
  api: Pick<MemberApi, 'probe' | 'source'>,
  env: Pick<RuntimeEnv, 'setTimer'>,
  onChange: (health: ApiHealth) => void,
  options: HealthOptions = {},
): HealthWatch => {
  let current: ApiHealth = { reachable: false, reason: notAsked, message: 'the API server was not asked yet' };
  let failures = 0;
  let stopped = false;
  let cancelTimer = (): void => undefined;

  const become = (next: ApiHealth): void => {
    const same = next.reachable === current.reachable && (next.reachable || current.reachable || next.reason === current.reason);
    current = next;
    if (!same) onChange(next);
  };

  const probe = async (): Promise<void> => {
    try {
      await api.probe();
      failures = 0;
      if (!stopped) become({ reachable: true });
    } catch (error) {
      failures += 1;
      const { reason } = failureOf(error);
      const message = troubleText(api, error);
      if (!stopped && (failures >= (options.failuresMax ?? FAILURES_MAX) || !current.reachable))
        become({ reachable: false, reason, message });
    }
    if (!stopped) cancelTimer = env.setTimer(options.intervalMs ?? INTERVAL_MS, () => void probe());
  };
  void probe();

  return {
    current: () => current,
    stop: () => {
      stopped = true;
      cancelTimer();
    },
  };
};
