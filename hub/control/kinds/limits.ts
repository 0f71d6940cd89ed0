/** @module How much is taken of the kinds of one cluster, and of all. Pure. */
import type { ClusterKind } from './merge.ts';

/** Kinds a cluster may add, bytes of their documents, and kinds in all. */
export const kindsLimits = { perCluster: 1_000, bytesPerCluster: 33_554_432, inAll: 2_000 } as const;

/** The first of a cluster's kinds, as many as are taken of it. */
export const withinLimits = (all: readonly ClusterKind[], bytesOf: (hash: string) => number): readonly ClusterKind[] => {
  let sum = 0;
  return all.filter(({ hash }, at) => {
    sum += bytesOf(hash);
    return at < kindsLimits.perCluster && sum <= kindsLimits.bytesPerCluster;
  });
};

/** What people are told when so many kinds of a cluster are not taken; undefined when all are. */
export const overText = (left: number): string | undefined =>
  left === 0
    ? undefined
    : `${left} kinds are left out: at most ${kindsLimits.perCluster} kinds of ${kindsLimits.bytesPerCluster} bytes in all are taken of a cluster`;
