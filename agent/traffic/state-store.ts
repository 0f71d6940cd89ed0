/**
 * @module What the agent keeps of where clusters stand: the ways back, so that a restart in the middle of one does not give a cluster its whole
 * share at once, and who was not reached, so that it does not use again what is dead.
 */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { bagOf, bagsOf, integerOf, textOf, textsOf } from '../../shared/lib/fields.ts';
import { trafficManager } from '../../shared/traffic/index.ts';
import { ensureNamespace, SYSTEM_NAMESPACE, TRAFFIC_STATE } from '../work/index.ts';
import type { KeptRamps } from './ramps.ts';

const address = { group: '', version: 'v1', resource: 'configmaps', namespace: SYSTEM_NAMESPACE, name: TRAFFIC_STATE } as const;
/** Ways back that are kept; more would not fit a ConfigMap. */
const keptMax = 10_000;

const phases = ['Away', 'HoldDown', 'Waiting'] as const;

/** Kept over a restart. */
export type KeptStanding = { readonly ramps: KeptRamps; readonly unreachable: readonly string[] };

/** What a text holds; nothing when it cannot be read. */
const parsed = (text: unknown): unknown => {
  try {
    return JSON.parse(textOf(text) || '[]');
  } catch {
    return [];
  }
};

const rampsOf = (rows: unknown): KeptRamps =>
  bagsOf(rows).map((entry) => ({
    service: textOf(entry.service),
    cluster: textOf(entry.cluster),
    phase: phases.find((phase) => phase === entry.phase) ?? 'HoldDown',
    setbacks: integerOf(entry.setbacks) ?? 0,
    isSpent: entry.isSpent === true,
  }));

/** Without what {@link rampsOf} takes for granted: ten thousand have to fit. */
const rowOf = ({ service, cluster, phase, setbacks, isSpent }: KeptRamps[number]): object => ({
  service,
  cluster,
  ...(phase === 'HoldDown' ? {} : { phase }),
  ...(setbacks === 0 ? {} : { setbacks }),
  ...(isSpent ? { isSpent } : {}),
});

/** Reads it. Rejects as the client does. */
export const loadStanding = async (client: Pick<KubeClient, 'get'>): Promise<KeptStanding> => {
  const data = bagOf((await client.get(address))?.data);
  return { ramps: rampsOf(parsed(data.ramps)), unreachable: textsOf(parsed(data.unreachable)) };
};

/** Writes it. Rejects as the client does. */
export const saveStanding = async (client: KubeClient, { ramps, unreachable }: KeptStanding): Promise<void> => {
  await ensureNamespace(client, SYSTEM_NAMESPACE);
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: TRAFFIC_STATE, namespace: SYSTEM_NAMESPACE },
    data: { ramps: JSON.stringify(ramps.slice(0, keptMax).map(rowOf)), unreachable: JSON.stringify(unreachable) },
  };
  await client.patch(address, 'application/apply-patch+yaml', object, { fieldManager: trafficManager, force: true });
};
