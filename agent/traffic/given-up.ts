/**
 * @module Clusters that the hub or a person has given up: their replicas are placed elsewhere. Where too few observers can tell an agent's
 * death from the cluster's there is no verdict, and requests would go on to where nothing runs any more.
 */
import { movesTraffic, type Watch } from '../../shared/health/index.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import type { Member } from '../../shared/wire/mesh.ts';

/** What it needs of the detector. */
export type GivenUpWatch = Pick<Watch, 'sightOf' | 'abstains'> & {
  readonly membership: () => { readonly members: readonly Pick<Member, 'name' | 'isLost' | 'isDrained'>[] } | undefined;
};

const nobody: readonly string[] = [];

/** Follows the hub's word, as far as this agent does not know better. */
export const createGivenUp = (watch: GivenUpWatch, cluster: string) => {
  /** Clusters that the hub says are lost or drained, and whether this agent goes by it. */
  const goesBy = new Map<string, boolean>();
  /** Who hears the cluster, or sees that it answers, knows better than a hub to which the way may be cut. */
  const isSeen = (name: string): boolean => {
    const sight = watch.sightOf(name);
    return sight !== undefined && sight.opinion !== 'Silent' && sight.opinion !== 'Cluster';
  };
  return {
    /** Those that get no requests, sorted. The word of a hub that is dead itself holds until the cluster is heard. */
    look: (): readonly string[] => {
      const marked = (watch.membership()?.members ?? []).filter(
        (member) => member.name !== cluster && (member.isLost === true || member.isDrained === true),
      );
      if (marked.length === 0 && goesBy.size === 0) return nobody;
      for (const name of [...goesBy.keys()]) if (!marked.some((member) => member.name === name)) goesBy.delete(name);
      // While it doubts itself it sees nothing, and what it found before stays.
      for (const { name, isLost } of marked)
        if (!watch.abstains() || !goesBy.has(name))
          goesBy.set(name, (isLost === true && !isSeen(name)) || movesTraffic(watch.sightOf(name)?.opinion));
      return [...goesBy].flatMap(([name, isGone]) => (isGone ? [name] : [])).sort(compareText);
    },
  };
};
