/** @module What agents tell, when it is over, of times in which they missed the broker or the hub: into times of day, and each once. */
import type { PastOutage } from '../../../shared/api/index.ts';
import { outageText } from '../../../shared/health/index.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import { type MeshOutage, type MeshShadows, outagesMax } from '../../../shared/wire/mesh.ts';
import type { ClusterRecord } from '../cluster/directory.ts';
import { outagesIn } from '../cluster/history.ts';

/** The time by two clocks: that of the day, and the hub's own, which nobody sets. */
export type DeskTime = { readonly nowMs: number; readonly monotonicMs: number };

/** The desk. */
export type OutageDesk = {
  /** Puts what is new onto the record of the cluster whose agent tells it; answers that. */
  readonly take: (record: ClusterRecord, told: MeshShadows, time: DeskTime) => readonly PastOutage[];
  /** Forgets all clusters but these. */
  readonly keepOnly: (members: readonly { readonly name: string }[]) => void;
};

/** Who tells others invents them, and could invent any number: of one cluster no more than an agent tells at once are taken in this time. */
const takenWindowMs = 600_000;

/** `beganMs`: when the agent was started, by the hub's clock as it is now; `bootId` = that start. */
const pastOf = (outage: MeshOutage, bootId: string, beganMs: number): PastOutage => {
  const { cause, voters, votes, needed, observers } = outage;
  const id = `${bootId}/${outage.sinceMs}`;
  const [since, at] = [timeText(beganMs + outage.sinceMs), timeText(beganMs + outage.untilMs)];
  const message = outageText(outage, since, at);
  return { cause, phase: 'Cleared', since, at, id, message, votes: `${votes}/${needed}/${observers}`, voters };
};

/** When, by the clock of that start of the agent, the newest began that is known of it; none is known: -1. */
const newestOf = (known: readonly PastOutage[], cause: MeshOutage['cause'], bootId: string): number =>
  known
    .filter((one) => one.cause === cause && one.id.startsWith(`${bootId}/`))
    .reduce((newest, { id }) => Math.max(newest, Number(id.slice(bootId.length + 1))), -1);

/** The start of the agent that runs, as far as is known. */
const bootOf = ({ hello, object }: ClusterRecord): string | undefined => hello?.bootId ?? object?.status?.agent?.bootId;

/** A desk at which nothing was told yet. */
export const createOutageDesk = (): OutageDesk => {
  const takenMs = new Map<string, readonly number[]>();
  return {
    take: (record, { bootId, watchedMs, outages = [] }, { nowMs, monotonicMs }) => {
      // What an earlier start has told is told no more: who brings it kept it back, and its times cannot be known.
      if (bootId !== bootOf(record)) return [];
      const known = outagesIn(record.object?.status, record.outages);
      const lately = (takenMs.get(record.name) ?? []).filter((ms) => monotonicMs - ms < takenWindowMs);
      const fresh = outages
        .filter(({ sinceMs, untilMs }) => sinceMs <= untilMs && untilMs <= watchedMs)
        // By the agent's own clock alone: others may have been set between two tellings.
        .filter(({ cause, sinceMs }) => sinceMs > newestOf(known, cause, bootId))
        .slice(0, outagesMax - lately.length)
        .map((outage) => pastOf(outage, bootId, nowMs - watchedMs));
      if (fresh.length === 0) return [];
      takenMs.set(record.name, [...lately, ...fresh.map(() => monotonicMs)]);
      record.outages = [...record.outages, ...fresh].slice(-outagesMax);
      return fresh;
    },
    keepOnly: (members) => {
      const names = new Set(members.map(({ name }) => name));
      for (const name of [...takenMs.keys()]) if (!names.has(name)) takenMs.delete(name);
    },
  };
};
