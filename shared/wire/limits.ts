/** @module Named limits of the hub-agent contract; what is beyond them is refused by the receiver and never sent by us. */

/** Largest payload by message, in bytes. The broker's own `max_payload` (8 MiB) is above all of them. */
export const bytesMax = {
  hello: 1_048_576,
  beat: 16_384,
  /** Unpacked; on the wire at most `reportPacked`. */
  report: 16_777_216,
  reportPacked: 4_194_304,
  renew: 4_096,
  want: 4_096,
  /** A rendered object; sealing grows a Secret (≤ 1 MiB) by a third. */
  work: 2_097_152,
  status: 131_072,
  /** A kind document (1 MiB) and its envelope. */
  kind: 1_049_600,
  join: 32_768,
} as const;

/** Member status above this is cut by the agent to its conditions and counters. */
export const statusFieldBytesMax = 65_536;

/** Deepest nesting of free-form JSON (objects, statuses). */
export const jsonDepthMax = 64;

/** Entries of any list or map in a hello, a report or a beat. */
export const listEntriesMax = 200_000;

/** Kind documents asked for in one message. */
export const kindsWantedMax = 32;

/** Work items a cluster may have. */
export const workItemsMax = 50_000;

/** A join request or beat whose clock is further from the hub's is said to be off. */
export const clockSkewMsMax = 300_000;

/** Labels an agent may propose. */
export const joinLabelsMax = 64;

/** Nodes that pods of one workload are made to leave, or that are kept for them; a report tells of no more nodes. */
export const nodesNamedMax = 20_000;
