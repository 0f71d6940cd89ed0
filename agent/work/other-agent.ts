/** @module Whether the member holds the state of another agent: two of them would work against each other. */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { SYSTEM_NAMESPACE } from './marks.ts';
import { createRecords, RECORD_LABEL, type RecordKind } from './records.ts';

const kinds: readonly RecordKind[] = ['work', 'traffic'];

/** What a person reads whose agent finds the state of another one. */
export const otherAgentText = (owner: string, cluster: string): string =>
  `this cluster holds the state of the agent of ${owner} in namespace ${SYSTEM_NAMESPACE}, and this agent is that of ${cluster}: ` +
  `use the agent of ${owner}; or, if that is gone for good, delete Cluster ${owner} at the hub, remove its state with: ` +
  `kubectl delete secrets -n ${SYSTEM_NAMESPACE} -l '${RECORD_LABEL}'   and start this agent again`;

/**
 * The name of another cluster that an agent kept work for here, from the first records of each kind; undefined = none. Rejects as the
 * client does.
 */
export const otherAgentIn = async (client: KubeClient, cluster: string): Promise<string | undefined> => {
  for (const kind of kinds) {
    const [owner] = (await createRecords(client, cluster, kind).first()).owners;
    if (owner !== undefined) return owner;
  }
  return undefined;
};
