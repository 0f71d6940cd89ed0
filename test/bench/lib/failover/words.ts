/** @module What the fault laboratory and the programs at its sites say to each other. */

import type { Cause } from '../../../../shared/health/index.ts';

/** A place of the laboratory: a name and its address in the network. */
export type Place = { readonly name: string; readonly address: string };

/** What a site is made from. */
export type SiteOptions = {
  readonly site: Place;
  /** All sites, this one included. */
  readonly sites: readonly Place[];
  readonly dataDir: string;
  readonly member: MemberKind;
};

/** What a site's cluster is made of: etcd, kube-apiserver and their kin, or one process of ours that speaks the same API. */
export type MemberKind = 'Real' | 'Playground';

/** Requests a second that the load of one site asks for. */
export const requestsPerSecond = 10;
/** A client that has no answer after this has lost its request. */
export const answerMsMax = 3_000;
/**
 * Words before the commands of the laboratory: what shares one machine here has many in the world, and what else runs on this one is no part
 * of any failure.
 */
export const urgent = ['nice', '-n', '-10'] as const;
/** Ports of every site. */
export const ports = { backend: 8_080, mesh: 7_472, dns: 53 } as const;
/** The service that is asked for, and the workload that is counted. */
export const front = { namespace: 'front', name: 'front', zone: 'svc.lab.example' } as const;
export const web = { namespace: 'shop', name: 'web', replicas: 10 } as const;

/** How a client of a site finds where to send a request. */
export type Via = 'names' | 'slices';

/** One request; times are of this machine's clock. `to` is the site, '' = no address was found. */
export type RequestRecord = {
  readonly sentMs: number;
  readonly via: Via;
  readonly to: string;
  readonly outcome: 'ok' | 'wrong' | 'lost';
};

/** One verdict as the agent's log has it. */
export type VerdictRecord = {
  readonly atMs: number;
  readonly target: string;
  readonly cause: Cause;
  readonly phase: 'Standing' | 'Returning' | 'Cleared';
};

/** The clusters that the import's EndpointSlices have, each time they changed. */
export type SliceRecord = { readonly atMs: number; readonly sources: readonly string[] };
/** Ready replicas of the workload, each time their number changed. */
export type ReadyRecord = { readonly atMs: number; readonly ready: number };
/** The observer doubts itself, or no longer (`why` absent). */
export type AbstentionRecord = { readonly atMs: number; readonly why?: string };

/** What happened at a site since a time, each list in order of time. */
export type Told = {
  readonly verdicts: readonly VerdictRecord[];
  readonly abstentions: readonly AbstentionRecord[];
  readonly slices: readonly SliceRecord[];
  readonly ready: readonly ReadyRecord[];
  readonly requests: readonly RequestRecord[];
};

/** How a site is now. */
export type SiteState = {
  /** Verdicts that stand, as `target cause`. */
  readonly standing: readonly string[];
  readonly abstains: string | undefined;
  readonly sources: readonly string[];
  readonly ready: number;
};

/** What can be done to a process. */
export type Blow = 'kill' | 'pause' | 'resume' | 'start';

/** A question to a site. */
export type SiteAsk =
  | { readonly do: 'open'; readonly options: SiteOptions }
  /** Starts the agent with these words of `hanse`, now and at each later start. */
  | { readonly do: 'join'; readonly words: readonly string[] }
  | { readonly do: 'agent'; readonly blow: Blow }
  | { readonly do: 'api'; readonly blow: Blow }
  | { readonly do: 'load' }
  | { readonly do: 'state' }
  | { readonly do: 'tell'; readonly sinceMs: number }
  | { readonly do: 'close' };

/** The answer of `open`: where things of the site are. */
export type SiteOpened = { readonly kubeconfig: string; readonly apiPort: number };
