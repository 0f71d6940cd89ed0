/** @module hanse.dev/v1alpha1 PlacementHistory: what was decided about an object before. */
import {
  hanseGroup,
  hanseVersion,
  type PlacementHistorySpec,
  type PlacementHistoryStatus,
  placementHistoryFaults,
} from '../../../shared/api/index.ts';
import { invalid } from '../../../shared/kube/server/errors.ts';
import type { VirtualCreate } from '../../../shared/kube/server/options.ts';

/** The decisions about the object of one Placement. */
export type TellHistory = (namespace: string, spec: PlacementHistorySpec) => Promise<PlacementHistoryStatus>;

/** Handlers by `<group>/<version>/<resource>`. */
export const placementHistories = (tell: TellHistory): Readonly<Record<string, VirtualCreate>> => ({
  [`${hanseGroup}/${hanseVersion}/placementhistories`]: async (asked, { namespace }) => {
    const faults = placementHistoryFaults(asked);
    if (faults.length > 0) throw invalid({ group: hanseGroup, kind: 'PlacementHistory' }, '', faults);
    return { ...asked, status: await tell(namespace, (asked as unknown as { readonly spec: PlacementHistorySpec }).spec) };
  },
});
