/** @module Clusters that their own object keeps out of placement, whatever is known of them. */
import type { Cluster } from '../api/index.ts';
import type { ClusterView } from './model.ts';

/** Why nothing may be placed in a cluster with this spec; undefined where its object alone does not say so. */
export const shutOut = (spec: Partial<Cluster['spec']> | undefined): ClusterView['closed'] => {
  if (spec?.admission === 'Denied') return { reason: 'denied', message: 'the cluster is not let in' };
  return spec?.role === 'Witness' ? { reason: 'denied', message: 'the cluster is a witness: it only votes' } : undefined;
};
