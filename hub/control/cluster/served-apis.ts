/** @module What clusters serve, kept once for all clusters that serve the same: a fleet has few versions of Kubernetes and many clusters. */
import type { ClusterStatus } from '../../../shared/api/index.ts';
import type { ServedApi } from '../../../shared/wire/index.ts';

/** A list of served kinds and what is derived from it. */
export type ServedApis = {
  readonly apis: readonly ServedApi[];
  /** `GROUP/VERSION/Kind`. */
  readonly kinds: ReadonlySet<string>;
};

/** Different lists remembered; when it is full it is emptied, and lists are kept anew. */
const listsMax = 256;

/** A memory of lists: the same list, told again, is the same object. */
export const createServedApis = (): ((apis: readonly ServedApi[]) => ServedApis) => {
  const known = new Map<string, ServedApis>();
  return (apis) => {
    const text = JSON.stringify(apis);
    const same = known.get(text);
    if (same !== undefined) return same;
    if (known.size >= listsMax) known.clear();
    const made = { apis, kinds: kindsOf(apis) };
    known.set(text, made);
    return made;
  };
};

/** The kinds of a list as placement asks for them. */
export const kindsOf = (apis: readonly Pick<ServedApi, 'groupVersion' | 'kind'>[]): ReadonlySet<string> =>
  new Set(apis.map(({ groupVersion, kind }) => `${groupVersion}/${kind}`));

const inStatus = new WeakMap<readonly ServedApi[], NonNullable<ClusterStatus['apis']>>();

/** A list as a Cluster's status has it; the same object for the same list. */
export const statusApis = (apis: readonly ServedApi[]): NonNullable<ClusterStatus['apis']> => {
  const known = inStatus.get(apis);
  if (known !== undefined) return known;
  const groups = Map.groupBy(apis, ({ groupVersion }) => groupVersion);
  const made = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([groupVersion, members]) => ({ groupVersion, kinds: [...new Set(members.map(({ kind }) => kind))].sort() }));
  inStatus.set(apis, made);
  return made;
};
