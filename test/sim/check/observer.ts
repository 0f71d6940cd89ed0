/** @module What a run shows at its ports, handed to every checker; the first broken rule ends the run. Checkers share no code with what they check. */
import type { CapacityReport } from '../../../shared/capacity/report.ts';
import type { Cause, Verdict } from '../../../shared/health/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StatusItem, WorkItem } from '../../../shared/wire/messages.ts';
import type { ClientRequest } from './client-check.ts';

/** A write that the journal took. `object` is undefined after a delete. */
export type JournalEntry = { readonly revision: number; readonly key: string; readonly object: KubeObject | undefined };

/** What can be seen; each checker takes what it needs. */
export type Sight = {
  /** The journal wrote something; called once an entry, in order. */
  readonly written?: (entry: JournalEntry) => void;
  /** A user is about to ask for this content (`undefined` = gone). */
  readonly asked?: (key: string, wanted: unknown) => void;
  /** A user was told that the write is done. */
  readonly acknowledged?: (key: string, revision: number) => void;
  readonly hubStarted?: () => void;
  /** A message reached the hub. */
  readonly heard?: (kind: string, cluster: string, message: unknown) => void;
  /** The hub signed work. */
  readonly published?: (item: WorkItem) => void;
  /** An agent asks its member to apply or delete; before it is done. */
  readonly applying?: (cluster: string, object: KubeObject) => void;
  readonly deleting?: (cluster: string, object: KubeObject) => void;
  /** It was done. */
  readonly applied?: (cluster: string, object: KubeObject) => void;
  readonly reported?: (cluster: string, report: CapacityReport) => void;
  readonly answered?: (cluster: string, item: StatusItem) => void;
  readonly agentStarted?: (cluster: string) => void;
  readonly agentEnded?: (cluster: string) => void;
  /** Ways between clusters opened or closed, or a gateway changed. */
  readonly worldChanged?: () => void;
  /** A watch (of a cluster's agent, or `hub`) came to a verdict. */
  readonly verdict?: (by: string, target: string, cause: Cause, phase: Verdict['phase']) => void;
  /** A client sent a request, or found nobody to send it to. */
  readonly requested?: (request: ClientRequest) => void;
};

/** Tells of a broken rule. */
export type Fail = (rule: string, message: string) => void;

/** One checker. */
export type Checker = (fail: Fail, nowMs: () => number) => Sight;

/** Everything seen goes to every checker. */
export type Observer = Required<Sight> & { readonly broken: () => { readonly rule: string; readonly message: string } | undefined };

/** An observer over these checkers. */
export const observe = (checkers: readonly Checker[], nowMs: () => number): Observer => {
  let broken: { rule: string; message: string } | undefined;
  const fail: Fail = (rule, message) => {
    broken ??= { rule, message };
  };
  const sights = checkers.map((checker) => checker(fail, nowMs));
  return {
    broken: () => broken,
    written: (entry) => {
      for (const sight of sights) sight.written?.(entry);
    },
    asked: (key, wanted) => {
      for (const sight of sights) sight.asked?.(key, wanted);
    },
    acknowledged: (key, revision) => {
      for (const sight of sights) sight.acknowledged?.(key, revision);
    },
    hubStarted: () => {
      for (const sight of sights) sight.hubStarted?.();
    },
    heard: (kind, cluster, message) => {
      for (const sight of sights) sight.heard?.(kind, cluster, message);
    },
    published: (item) => {
      for (const sight of sights) sight.published?.(item);
    },
    applying: (cluster, object) => {
      for (const sight of sights) sight.applying?.(cluster, object);
    },
    deleting: (cluster, object) => {
      for (const sight of sights) sight.deleting?.(cluster, object);
    },
    applied: (cluster, object) => {
      for (const sight of sights) sight.applied?.(cluster, object);
    },
    reported: (cluster, report) => {
      for (const sight of sights) sight.reported?.(cluster, report);
    },
    answered: (cluster, item) => {
      for (const sight of sights) sight.answered?.(cluster, item);
    },
    worldChanged: () => {
      for (const sight of sights) sight.worldChanged?.();
    },
    verdict: (by, target, cause, phase) => {
      for (const sight of sights) sight.verdict?.(by, target, cause, phase);
    },
    requested: (request) => {
      for (const sight of sights) sight.requested?.(request);
    },
    agentEnded: (cluster) => {
      for (const sight of sights) sight.agentEnded?.(cluster);
    },
    agentStarted: (cluster) => {
      for (const sight of sights) sight.agentStarted?.(cluster);
    },
  };
};
