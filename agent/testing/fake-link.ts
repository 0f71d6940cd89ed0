/** @module A link without a bus, for tests: the hub is whoever holds it. */
import type { CapacityReport } from '../../shared/capacity/report.ts';
import type { KindDocument } from '../../shared/kube/custom/document.ts';
import { faultOf } from '../../shared/wire/decode.ts';
import type { StatusItem, WorkItem } from '../../shared/wire/index.ts';
import type { AgentLink, BeatFacts, HelloFacts, WorkEvent } from '../link/port.ts';

/** The link and what the hub would see of it; every message is held to the wire's own checks. */
export type FakeLink = AgentLink & {
  readonly statuses: Map<string, StatusItem>;
  readonly history: StatusItem[];
  readonly reports: CapacityReport[];
  readonly remembered: Map<string, number>;
  readonly hello: () => HelloFacts | undefined;
  readonly beat: () => BeatFacts | undefined;
  /** How often the agent asked for a new hello. */
  readonly hellos: () => number;
  readonly send: (item: WorkItem) => void;
  readonly event: (event: WorkEvent) => void;
  readonly want: (what: 'status') => void;
  /** The hub asks for kind documents; those that came are in `kinds`. */
  readonly wantKinds: (hashes: readonly string[]) => void;
  readonly kinds: Map<string, KindDocument>;
  readonly listening: () => boolean;
};

/** A connected link of one cluster. */
export const fakeLink = (cluster: string): FakeLink => {
  const statuses = new Map<string, StatusItem>();
  const history: StatusItem[] = [];
  const reports: CapacityReport[] = [];
  const remembered = new Map<string, number>();
  const workHandlers = new Set<(event: WorkEvent) => void>();
  const wantHandlers = new Set<(what: readonly ('hello' | 'report' | 'status')[]) => void>();
  const kindHandlers = new Set<(hashes: readonly string[]) => void>();
  const kinds = new Map<string, KindDocument>();
  let hello: (() => HelloFacts | undefined) | undefined;
  let beat: (() => BeatFacts) | undefined;
  let hellos = 0;
  const checked = (fault: string | undefined): void => {
    if (fault !== undefined) throw new Error(`the wire refuses it: ${fault}`);
  };
  const event = (what: WorkEvent): void => {
    for (const handler of workHandlers) handler(what);
  };
  return {
    cluster,
    bootId: 'boot-1',
    statuses,
    history,
    reports,
    remembered,
    hello: () => hello?.(),
    beat: () => beat?.(),
    hellos: () => hellos,
    event,
    send: (item) => event({ type: 'Item', item }),
    want: (what) => {
      for (const handler of wantHandlers) handler([what]);
    },
    wantKinds: (hashes) => {
      for (const handler of kindHandlers) handler(hashes);
    },
    kinds,
    listening: () => workHandlers.size > 0,
    state: () => ({ phase: 'Connected', message: 'connected', sinceMs: 0 }),
    onState: () => () => undefined,
    setHello: (facts) => {
      hello = facts;
    },
    setBeat: (facts) => {
      beat = facts;
    },
    helloChanged: () => {
      hellos += 1;
    },
    publishReport: (report) => {
      checked(faultOf('report', { v: 1, cluster, bootId: 'boot-1', report }));
      reports.push(report);
      return true;
    },
    publishStatus: (item) => {
      checked(faultOf('status', item));
      statuses.set(item.id, item);
      history.push(item);
    },
    rememberSeq: (id, seq) => {
      remembered.set(id, seq);
    },
    onWork: (handler) => {
      workHandlers.add(handler);
      return () => workHandlers.delete(handler);
    },
    onWant: (handler) => {
      wantHandlers.add(handler);
      return () => wantHandlers.delete(handler);
    },
    onKindsWanted: (handler) => {
      kindHandlers.add(handler);
      return () => kindHandlers.delete(handler);
    },
    publishKind: (hash, document) => {
      checked(faultOf('kind', { v: 1, cluster, hash, document }));
      kinds.set(hash, document);
      return true;
    },
    stop: async () => undefined,
  };
};
