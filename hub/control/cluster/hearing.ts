/** @module What the agents say of themselves and their clusters, put into the directory; what is missing is asked for again. */
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { Beat, Hello } from '../../../shared/wire/index.ts';
import type { Arrival, FleetBus } from '../../fleet/port.ts';
import { type Boot, bootAfter } from './boot.ts';
import type { ClusterRecord, Directory } from './directory.ts';
import { onBeat } from './health.ts';
import { createReportDesk } from './report-desk.ts';
import { createServedApis } from './served-apis.ts';
import { createTwinWatch } from './twins.ts';

/** What it is built from. */
export type HearingOptions = {
  readonly bus: FleetBus;
  readonly env: RuntimeEnv;
  readonly directory: Directory;
  /** Something came, and a time is about to be taken down. */
  readonly onArrival: () => void;
  /** What placement or people see of the cluster may have changed. */
  readonly onHeard: (record: ClusterRecord) => void;
  /** What only its status says changed. */
  readonly onStatus: (name: string) => void;
  /** The cluster's room may have grown. */
  readonly onCapacity: (name: string) => void;
};

/** The hub's ear. */
export type Hearing = {
  /** The cluster is gone: what was heard of it counts for no other of its name. */
  readonly forget: (name: string) => void;
  readonly stop: () => void;
};

/** Between two requests to an agent to say something again. */
const wantEveryMs = 2_000;

/** Begins to listen. */
export const startHearing = ({ bus, env, directory, onArrival, onHeard, onStatus, onCapacity }: HearingOptions): Hearing => {
  const wantedAt = new Map<string, number>();
  const servedApis = createServedApis();
  const desk = createReportDesk();
  const boots = new Map<string, Boot>();
  const twins = createTwinWatch(env, (cluster, trouble) => {
    if (trouble !== undefined) env.log.warn('the agent of a cluster is started twice, or again and again', { cluster, trouble });
    directory.of(cluster).agentTrouble = trouble;
    onStatus(cluster);
  });

  const want = (name: string, what: ('hello' | 'report')[]): void => {
    const nowMs = env.monotonicMs();
    if (what.length === 0 || nowMs - (wantedAt.get(name) ?? Number.NEGATIVE_INFINITY) < wantEveryMs) return;
    wantedAt.set(name, nowMs);
    bus.want(name, what);
  };
  /** Whether the message is of the agent's start that runs, which it may be the first to tell. */
  const isOfRunning = ({ message }: Arrival<Beat | Hello>): boolean => {
    onArrival();
    const before = boots.get(message.cluster);
    const boot = bootAfter(before, { id: message.bootId, saidMs: message.nowMs, heardMs: env.monotonicMs() });
    if (boot !== undefined) boots.set(message.cluster, boot);
    if (boot !== undefined && before !== undefined && boot.id !== before.id) twins.began(message.cluster, before.id, boot.id);
    return boot !== undefined;
  };
  const stops = [
    bus.onBeat((arrival) => {
      if (!isOfRunning(arrival)) return;
      const { message, arrivedAtMs } = arrival;
      const record = directory.of(message.cluster);
      const before = record.health;
      record.health = onBeat(before, arrivedAtMs, message.api);
      const isStrange = record.hello?.bootId !== message.bootId;
      const missesReport = desk.isBehind(message);
      want(record.name, [...(isStrange ? (['hello'] as const) : []), ...(missesReport ? (['report'] as const) : [])]);
      const { forbidden = [] } = message;
      const isAccessSame = forbidden.join() === record.forbidden.join();
      record.forbidden = forbidden;
      if (!isAccessSame) onStatus(record.name);
      const isOther = before.phase !== record.health.phase || before.api.reachable !== record.health.api.reachable;
      if (isOther || record.isDoubted) onHeard(record);
    }),
    bus.onHello((arrival) => {
      if (!isOfRunning(arrival)) return;
      const { message } = arrival;
      const record = directory.of(message.cluster);
      const served = servedApis(message.apis);
      record.hello = { ...message, apis: served.apis };
      record.served = served.kinds;
      onHeard(record);
    }),
    bus.onReport(({ message }) => {
      // One that comes before the first word of its start is asked for again, as any that is missing.
      if ((boots.get(message.cluster)?.id ?? message.bootId) !== message.bootId) return;
      const record = directory.of(message.cluster);
      const answer = desk.take(message);
      if (answer.do === 'ask') {
        const { trouble, message: why } = answer;
        if (trouble === 'HashMismatch' || trouble === 'OutOfRange')
          env.log.warn('a capacity report does not add up; asked for the whole', { cluster: record.name, trouble, why });
        want(record.name, ['report']);
      }
      if (answer.do !== 'use') return;
      record.report = answer.report;
      onHeard(record);
      onCapacity(record.name);
    }),
  ];
  return {
    forget: (name) => {
      desk.forget(name);
      boots.delete(name);
      twins.forget(name);
      wantedAt.delete(name);
    },
    stop: () => {
      for (const stop of stops) stop();
      twins.stop();
    },
  };
};
