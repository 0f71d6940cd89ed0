/** @module What agents report, put together: snapshots and deltas become one live report a cluster, and what was lost is asked for again. */
import { type CapacityReport, createReportReceiver, type DeltaTrouble, type ReportReceiver } from '../../../shared/capacity/index.ts';
import type { Beat, ReportMessage } from '../../../shared/wire/index.ts';

/** What a message means for a cluster's record. */
export type DeskAnswer =
  /** `changed` = rows of the report that changed; undefined = any may have. */
  | { readonly do: 'use'; readonly report: CapacityReport; readonly changed: readonly number[] | undefined }
  | { readonly do: 'nothing' }
  | { readonly do: 'ask'; readonly trouble: DeltaTrouble; readonly message: string };

/** The desk. */
export type ReportDesk = {
  readonly take: (message: ReportMessage) => DeskAnswer;
  /** True when the agent has told more than arrived here. */
  readonly isBehind: (beat: Pick<Beat, 'cluster' | 'bootId' | 'reportSeq'>) => boolean;
  readonly forget: (cluster: string) => void;
};

type Entry = { readonly receiver: ReportReceiver; bootId: string; isComplete: boolean };

/** A desk that has heard nobody. */
export const createReportDesk = (): ReportDesk => {
  const entries = new Map<string, Entry>();
  return {
    take: ({ cluster, bootId, report: message }) => {
      const entry = entries.get(cluster) ?? { receiver: createReportReceiver(), bootId, isComplete: false };
      entries.set(cluster, entry);
      const received = entry.receiver.receive(message);
      if (received.kind === 'lost') return { do: 'ask', trouble: received.trouble, message: received.message };
      if (received.kind === 'old') return { do: 'nothing' };
      entry.bootId = bootId;
      // An agent that started anew counts for a while; what the one before it counted is better than half of that.
      if (!received.report.complete && entry.isComplete) return { do: 'nothing' };
      entry.isComplete = received.report.complete;
      return { do: 'use', report: received.report, changed: received.changed };
    },
    isBehind: ({ cluster, bootId, reportSeq }) => {
      const entry = entries.get(cluster);
      if (entry === undefined) return true;
      return entry.bootId !== bootId ? reportSeq >= 0 : entry.receiver.seq() < reportSeq;
    },
    forget: (cluster) => {
      entries.delete(cluster);
    },
  };
};
