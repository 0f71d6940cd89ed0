/** @module Messages of agents that are no records, as they come: unpacked, checked, refused where they are wrong. */
import type { Msg, NatsConnection } from 'nats';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { decodeMessage, type MessageOf } from '../../../shared/wire/decode.ts';
import { makeListeners } from '../../../shared/wire/listeners.ts';
import type { Refusals } from '../../../shared/wire/refusals.ts';
import type { Arrival, Unsubscribe } from '../port.ts';
import { unpackReport } from './unpack-report.ts';

/** The cluster a subject `hanse.up.<cluster>.…` names; the broker lets only that cluster publish there. */
export const clusterOf = (message: Msg): string => message.subject.split('.')[2] ?? '';

/** Subscribes to one kind of message of all agents; the answer takes its handlers. */
export const hearAgents = <K extends 'hello' | 'beat' | 'report' | 'kind'>(
  { env, connection, refusals }: { readonly env: RuntimeEnv; readonly connection: NatsConnection; readonly refusals: Refusals },
  kind: K,
): ((handler: (arrival: Arrival<MessageOf[K]>) => void) => Unsubscribe) => {
  const listeners = makeListeners<Arrival<MessageOf[K]>>(env.log);
  connection.subscribe(`hanse.up.*.${kind}`, {
    callback: (error, message) => {
      if (error !== null) return;
      const cluster = clusterOf(message);
      const unpacked = kind === 'report' ? unpackReport(message.data) : ({ ok: true, bytes: message.data } as const);
      const decoded = unpacked.ok ? decodeMessage(kind, unpacked.bytes, cluster) : unpacked;
      if (decoded.ok) listeners.tell({ message: decoded.value, arrivedAtMs: env.nowMs() });
      else refusals.refuse({ cluster, subject: message.subject, reason: decoded.reason, message: decoded.message });
    },
  });
  return listeners.add;
};
