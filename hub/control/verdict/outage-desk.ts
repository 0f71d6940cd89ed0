/** @module What agents tell, when it is over, of times in which they missed the broker or the hub: into times of day, and each once. */
import type { PastVerdict } from '../../../shared/api/index.ts';
import { outageText } from '../../../shared/health/index.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import { type MeshShadows, type Outage, outagesMax } from '../../../shared/wire/mesh.ts';
import type { ClusterRecord } from '../cluster/directory.ts';
import { isKnownOutage, type PastOutage } from '../cluster/outages.ts';

/** `beganMs`: when the agent was started, by the hub's clock as it is now; `bootId` = that start. */
const pastOf = (outage: Outage, bootId: string, beganMs: number): PastOutage => {
  const { cause, voters, votes, needed, observers } = outage;
  const id = `${bootId}/${outage.sinceMs}`;
  const [since, at] = [timeText(beganMs + outage.sinceMs), timeText(beganMs + outage.untilMs)];
  const message = outageText(outage, since, at);
  return { cause, phase: 'Cleared', since, at, id, message, votes: `${votes}/${needed}/${observers}`, voters };
};

/** An outage begins when the one before it is over: who tells others invents them, and could invent any number. */
const isAfter = (known: readonly PastVerdict[], { cause, since }: PastOutage): boolean =>
  known.every((one) => one.cause !== cause || Date.parse(one.at) <= Date.parse(since));

/** Puts what is new onto the record of the cluster whose agent tells it; answers that. */
export const takeOutages = (
  record: ClusterRecord,
  { bootId, watchedMs, outages = [] }: MeshShadows,
  nowMs: number,
): readonly PastOutage[] => {
  const known = [...record.outages, ...(record.object?.status?.verdictHistory ?? [])];
  const fresh = outages
    .filter(({ sinceMs, untilMs }) => sinceMs <= untilMs && untilMs <= watchedMs)
    .map((outage) => pastOf(outage, bootId, nowMs - watchedMs))
    .filter((outage) => !isKnownOutage(known, outage) && isAfter(known, outage));
  if (fresh.length > 0) record.outages = [...record.outages, ...fresh].slice(-outagesMax);
  return fresh;
};
