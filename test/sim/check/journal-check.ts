/** @module Rules of the journal: revisions only grow, what was acknowledged is there, and nobody but users changes what users wrote. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Checker } from './observer.ts';

/** Kinds whose content is the users' alone, by `<group>/<resource>/`. */
const userKinds = ['apps/deployments/', '/configmaps/', 'hanse.dev/placementpolicies/', 'hanse.dev/clusters/'];

/** What users wrote of an object, as text; the time at which the hub saw a taint is the hub's. */
const contentOf = (object: KubeObject): string => textOf(object.spec ?? object.data ?? {});
const hubField = 'timeAdded';
const textOf = (content: unknown): string => {
  const text = JSON.stringify(content);
  return text.includes(hubField) ? JSON.stringify(content, (field, value) => (field === hubField ? undefined : value)) : text;
};

/** The checker. */
export const journalCheck: Checker = (fail) => {
  /** What users' objects are now: their content, and whether their deletion began. */
  const live = new Map<string, { readonly content: string; readonly isGoing: boolean }>();
  const written = new Map<number, string>();
  /** Contents users asked for, by key, that were not seen in the journal yet. */
  const asked = new Map<string, (string | undefined)[]>();
  let last = 0;

  /** True when a user asked for this; each request explains one change. */
  const take = (key: string, content: string | undefined): boolean => {
    const open = asked.get(key) ?? [];
    const at = open.indexOf(content);
    if (at < 0) return false;
    open.splice(at, 1);
    return true;
  };

  return {
    written: ({ revision, key, object }) => {
      if (revision <= last) fail('resourceVersion only grows', `${key} was written at ${revision}, after ${last}`);
      last = revision;
      written.set(revision, key);
      if (!userKinds.some((prefix) => key.startsWith(prefix))) return;
      const before = live.get(key);
      const [old, next] = [before?.content, object === undefined ? undefined : contentOf(object)];
      const isGoing = object?.metadata.deletionTimestamp !== undefined;
      if (next === undefined) live.delete(key);
      else live.set(key, { content: next, isGoing });
      // The end of a deletion that a user began is the hub's to write.
      const isEnding = object === undefined && before?.isGoing === true;
      const beginsToEnd = isGoing && before?.isGoing !== true;
      if (isEnding) return;
      if (old === next && !beginsToEnd) {
        // A user may ask for what is there already.
        if (before !== undefined) take(key, next);
        return;
      }
      if (!take(key, beginsToEnd ? undefined : next)) {
        fail(
          'no acknowledged write is lost',
          `${key} became ${next ?? 'nothing'} at ${revision}, which no user asked for (it was ${old ?? 'nothing'})`,
        );
      }
    },
    asked: (key, wanted) => {
      asked.set(key, [...(asked.get(key) ?? []), wanted === undefined ? undefined : textOf(wanted)]);
    },
    acknowledged: (key, revision) => {
      if (written.get(revision) !== key)
        fail('no acknowledged write is lost', `${key} was acknowledged at ${revision}, where the journal has ${written.get(revision)}`);
    },
  };
};
