/** @module Calls of the work that the member refuses the agent: told until the same one works, or is wanted no more. */
import type { Env } from '../../shared/lib/index.ts';
import type { ApiFailure } from '../cluster/index.ts';
import { isRightMissing } from './failure.ts';
import { SYSTEM_NAMESPACE } from './marks.ts';
import type { WorkEffect } from './messages.ts';

/** An effect that calls the member. */
export type CallEffect = Extract<WorkEffect, { readonly op: number }>;

/** What is refused now; at most one call of each entry. */
export type Refusals = {
  /** A call was answered. */
  readonly note: (effect: CallEffect, failure: ApiFailure | undefined) => void;
  /** Pods were to be marked, or nominated, for which this right is needed: whether that was refused. */
  readonly noteOfPods: (right: string, isRefused: boolean) => void;
  /** Nothing of the entry is wanted any more. */
  readonly forget: (id: string) => void;
  /** As `patch deployments`, each once. */
  readonly list: () => readonly string[];
};

/** The verb and the resource of a call, as a role grants them. */
const rightOf = (effect: CallEffect): string => {
  switch (effect.do) {
    case 'record':
      return `patch secrets in ${SYSTEM_NAMESPACE}`;
    case 'read':
      return `get ${effect.address.resource}`;
    case 'createNamespace':
      return 'create namespaces';
    case 'delete':
      return `delete ${effect.address.resource}`;
    case 'apply':
    case 'release':
      return `patch ${effect.address.resource}`;
  }
};

/** While pods may not be marked the hub asks for none: only another try tells that they may. */
const believedMs = 600_000;

/** Nothing was refused yet. */
export const createRefusals = (env: Pick<Env, 'monotonicMs'>): Refusals => {
  const refused = new Map<string, string>();
  const refusedMs = new Map<string, number>();
  return {
    note: (effect, failure) => {
      const right = rightOf(effect);
      if (failure !== undefined && isRightMissing(failure)) refused.set(effect.id, right);
      // That it can be read says nothing of whether it can be written.
      else if (refused.get(effect.id) === right) refused.delete(effect.id);
    },
    noteOfPods: (right, isRefused) => {
      if (isRefused) refusedMs.set(right, env.monotonicMs());
      else refusedMs.delete(right);
    },
    forget: (id) => {
      refused.delete(id);
    },
    list: () => {
      const ofPods = [...refusedMs].filter(([, sinceMs]) => env.monotonicMs() - sinceMs < believedMs).map(([right]) => right);
      return [...new Set([...refused.values(), ...ofPods])].sort();
    },
  };
};
