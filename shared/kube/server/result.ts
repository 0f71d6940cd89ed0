/** @module What a verb answers, before it is put into the form that the client asked for. */
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import type { Status } from '../status-error.ts';
import type { Revision, Stored } from '../storage/index.ts';
import type { Watch } from './watch.ts';

/** ListMeta of an answer. */
export type ListMeta = { readonly resourceVersion: string; readonly continue?: string; readonly remainingItemCount?: number };

/** The answer of one verb. */
export type Result =
  | {
      readonly kind: 'object';
      readonly code: number;
      readonly type: ResourceType;
      readonly object: KubeObject;
      /** The object's text when it is at hand. */
      readonly json?: string;
      /** Set for answers of another kind than `type`, such as Scale; they have no table columns of the type. */
      readonly foreign?: boolean;
    }
  | { readonly kind: 'list'; readonly type: ResourceType; readonly items: readonly Stored[]; readonly metadata: ListMeta }
  | { readonly kind: 'watch'; readonly type: ResourceType; readonly watch: Watch; readonly initialRevision: Revision }
  | { readonly kind: 'status'; readonly status: Status };
