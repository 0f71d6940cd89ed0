/** @module The zones of this agent's name server: made anew at once when clusters die or return, else once in a while. */
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { clustersetZone, type DnsZone, zonesOf } from '../../shared/traffic/index.ts';
import type { ServiceNow } from './desired.ts';

/** The names. */
export type Names = {
  readonly now: () => void;
  /** Something changed that resolvers, who keep answers for seconds, need not know at once. */
  readonly soon: () => void;
  readonly stop: () => void;
};

/** All names are made at once, which takes a while where services are many. */
const everyMs = 1_000;

/** Names for a server. `ipsOf`: addresses of a derived Service in this cluster. */
export const createNames = (options: {
  readonly env: RuntimeEnv;
  readonly cluster: string;
  readonly setZones: (zones: readonly DnsZone[]) => void;
  readonly states: () => readonly ServiceNow[];
  readonly ipsOf: (derived: string, namespace: string) => readonly string[];
}): Names => {
  const { env, cluster } = options;
  let text = '';
  let serial = 0;
  let cancel: (() => void) | undefined;
  const zonesAt = (states: readonly ServiceNow[], at: number): readonly DnsZone[] => [
    ...zonesOf(
      states.map(({ record, global }) => ({ record, shares: global })),
      at,
    ),
    clustersetZone(
      states.map(({ record, local }) => ({ record, shares: local })),
      cluster,
      options.ipsOf,
      at,
    ),
  ];
  const now = (): void => {
    const states = options.states();
    const next = JSON.stringify(zonesAt(states, 0));
    if (next === text) return;
    text = next;
    // A zone's serial grows with every change; seconds since the epoch keep it above that of an earlier run.
    serial = Math.max(serial + 1, Math.floor(env.nowMs() / 1_000));
    options.setZones(zonesAt(states, serial));
  };
  return {
    now,
    soon: () => {
      cancel ??= env.setTimer(everyMs, () => {
        cancel = undefined;
        now();
      });
    },
    stop: () => cancel?.(),
  };
};
