/** @module What the work core is told and what it asks for: the contract between `decide` and whoever performs its effects. */

import type { Lease } from '../../shared/health/index.ts';
import type { ObjectAddress } from '../../shared/kube/client/port.ts';
import type { GroupVersionResource, KubeObject } from '../../shared/kube/object.ts';
import type { LogFields } from '../../shared/lib/index.ts';
import type { ImportWeights } from '../../shared/traffic/index.ts';
import type { ServedApi, StatusItem, WorkItem, WorkRef } from '../../shared/wire/index.ts';
import type { ApiFailure } from '../cluster/index.ts';
import type { Live } from './live.ts';

/** The answer to one operation of one entry; `op` is the effect's. */
type Answer = { readonly id: string; readonly op: number; readonly failure?: ApiFailure };

/** What a reading found under a name; `found` undefined = nothing is there. */
export type Look = { readonly found?: Live };

/** What happened. */
export type WorkInput =
  /** What the member kept over a restart, with what was told last of Jobs that are over; the first input that lets work begin. `failure`: it may not be read, and we go on without. */
  | { readonly on: 'Loaded'; readonly items: readonly WorkItem[]; readonly ends?: readonly StatusItem[]; readonly failure?: ApiFailure }
  | { readonly on: 'Item'; readonly item: WorkItem }
  /** A full reading of the hub's desire ended; `ids` = all it holds. Nothing is deleted because it is missing here. */
  | { readonly on: 'FullReading'; readonly ids: readonly string[] }
  | { readonly on: 'Served'; readonly apis: readonly ServedApi[]; readonly stale: readonly string[] }
  /** `look`: the answer to the effect's, when there was one; without it the core reads for itself. */
  | ({ readonly on: 'Recorded'; readonly look?: Look } & Answer)
  | ({ readonly on: 'Read'; readonly found?: Live } & Answer)
  /** `unchosen`: which pods go could not be chosen before, as the member forbids that. */
  | ({ readonly on: 'Applied'; readonly live?: Live; readonly unchosen?: ApiFailure } & Answer)
  | ({ readonly on: 'NamespaceReady' } & Answer)
  | ({ readonly on: 'Deleted' } & Answer)
  | ({ readonly on: 'Released' } & Answer)
  /** A watch saw an object that carries our label, as `targetOf` names it. */
  | { readonly on: 'Observed'; readonly target: string; readonly live: Live }
  /** It is not there any more; `asOf`: the resource version of the full reading that missed it. */
  | { readonly on: 'Vanished'; readonly target: string; readonly asOf?: string }
  /** The lease of singletons changed. */
  | { readonly on: 'Lease'; readonly lease: Lease }
  /** What imports weigh in routes, as traffic wants it now. */
  | { readonly on: 'Weights'; readonly weights: ImportWeights }
  /** Why traffic does not know them yet. */
  | { readonly on: 'WeightsLack'; readonly why: string }
  /** The hub sent older work than `seq`, which was taken before: it has to hear what is here. */
  | { readonly on: 'Outdated'; readonly id: string; readonly ref: WorkRef; readonly seq: number }
  /** The hub wants every status again. */
  | { readonly on: 'Wanted' }
  | { readonly on: 'Tick' };

/** What to do; effects of one step are started in order. Those with `op` are answered by an input with the same id and op. */
export type WorkEffect =
  /**
   * `end`: what a Job came to that is over. `look`: reads this object meanwhile; a reading changes nothing, so it need not wait until the record is
   * kept.
   */
  | {
      readonly do: 'record';
      readonly id: string;
      readonly op: number;
      readonly item: WorkItem;
      readonly end?: StatusItem;
      readonly look?: ObjectAddress;
    }
  | { readonly do: 'forget'; readonly id: string }
  | { readonly do: 'read'; readonly id: string; readonly op: number; readonly address: ObjectAddress }
  | {
      readonly do: 'apply';
      readonly id: string;
      readonly op: number;
      readonly address: ObjectAddress;
      readonly object: KubeObject;
      readonly force: boolean;
      /** Nodes that pods are made to leave before. */
      readonly leaving?: NonNullable<WorkItem['leaving']>;
      /** Nodes that are kept for pods of it. */
      readonly nominated?: NonNullable<WorkItem['nominated']>;
    }
  | { readonly do: 'createNamespace'; readonly id: string; readonly op: number; readonly namespace: string }
  | { readonly do: 'delete'; readonly id: string; readonly op: number; readonly address: ObjectAddress; readonly uid: string }
  /** Takes our marks off and leaves the object as it is. */
  | { readonly do: 'release'; readonly id: string; readonly op: number; readonly address: ObjectAddress; readonly uid: string }
  | { readonly do: 'publish'; readonly status: StatusItem }
  /** Watch this resource in all namespaces, by our label, for good. */
  | { readonly do: 'watch'; readonly type: GroupVersionResource }
  /** Look again what the member serves: a kind is missing. */
  | { readonly do: 'discover' }
  | { readonly do: 'log'; readonly level: 'info' | 'warn'; readonly message: string; readonly fields: LogFields };
