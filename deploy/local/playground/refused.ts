/** @module What a member's API refuses to create: told once as an Event on the owner, and tried again after growing waits. */
import type { EventRecorder } from '../../../hub/control/events.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StatusError } from '../../../shared/kube/status-error.ts';
import { backoffMs, type RuntimeEnv } from '../../../shared/lib/index.ts';

/** Waits before another attempt, as long as nothing changes. */
const retryWait = { baseMs: 500, maxMs: 300_000 };

/** An object that the API refused, and why. */
export type Refusal = { readonly object: KubeObject; readonly error: StatusError };

/** The object's controller, as far as an Event names it. */
const ownerOf = ({ metadata: { namespace, ownerReferences = [] } }: KubeObject): KubeObject | undefined => {
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  const { apiVersion, kind, name, uid } = owner;
  return { apiVersion, kind, metadata: { name, uid, ...(namespace === undefined ? {} : { namespace }) } };
};

/** Nothing can be made, and nothing written, in a namespace that goes away. */
const isTerminating = ({ status }: StatusError): boolean =>
  status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true;

/** Keys of one controller whose last pass met a refusal; a pass without one forgets its key. */
export type RefusedKeys = {
  /** Tells the owner, and answers after how many ms the key is worth another look. */
  readonly refused: (key: string, refusal: Refusal) => number;
  readonly accepted: (key: string) => void;
};

/** No keys yet. */
export const createRefusedKeys = (events: Pick<EventRecorder, 'record'>, env: RuntimeEnv): RefusedKeys => {
  const attempts = new Map<string, number>();
  return {
    refused: (key, { object, error }) => {
      const attempt = attempts.get(key) ?? 0;
      attempts.set(key, attempt + 1);
      const owner = ownerOf(object);
      if (owner !== undefined && !isTerminating(error))
        events.record(owner, { type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${error.message}` });
      env.log.debug('the playground may not create an object', { kind: object.kind, name: object.metadata.name, reason: error.message });
      return backoffMs(attempt, retryWait, env.random);
    },
    accepted: (key) => {
      attempts.delete(key);
    },
  };
};
