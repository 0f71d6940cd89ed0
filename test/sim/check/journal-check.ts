/** @module Rules of the journal: revisions only grow, what was acknowledged is there, and nobody but users changes what users wrote. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Checker } from './observer.ts';

/** Kinds whose content is the users' alone, by `<group>/<resource>/`. */
const userKinds = ['apps/deployments/', '/configmaps/', 'hanse.dev/placementpolicies/', 'hanse.dev/clusters/'];

/** What users wrote of an object, as text; the time at which the hub saw a taint is the hub's. */
const contentOf = (object: KubeObject | undefined): string | undefined =>
  object === undefined ? undefined : textOf(object.spec ?? object.data ?? {});
const textOf = (content: unknown): string => JSON.stringify(content, (field, value) => (field === 'timeAdded' ? undefined : value));

/** The checker. */
export const journalCheck: Checker = (fail) => {
  const live = new Map<string, KubeObject>();
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
      const before = live.get(key);
      if (object === undefined) live.delete(key);
      else live.set(key, object);
      if (!userKinds.some((prefix) => key.startsWith(prefix))) return;
      const [old, next] = [contentOf(before), contentOf(object)];
      // The end of a deletion that a user began is the hub's to write.
      const isEnding = object === undefined && before?.metadata.deletionTimestamp !== undefined;
      const beginsToEnd = object?.metadata.deletionTimestamp !== undefined && before?.metadata.deletionTimestamp === undefined;
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
