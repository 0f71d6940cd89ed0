/** @module What the agent keeps of the ways back, so that a restart in the middle of one does not give a cluster its whole share at once. */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { bagsOf, integerOf, textOf } from '../../shared/lib/fields.ts';
import { trafficManager } from '../../shared/traffic/index.ts';
import { ensureNamespace, SYSTEM_NAMESPACE } from '../work/index.ts';
import type { KeptRamps } from './ramps.ts';

const name = 'hanse-agent-traffic';
const address = { group: '', version: 'v1', resource: 'configmaps', namespace: SYSTEM_NAMESPACE, name } as const;
/** Ways back that are kept; more would not fit a ConfigMap. */
const keptMax = 10_000;

const phases = ['Away', 'HoldDown', 'Waiting'] as const;

const parse = (text: string): KeptRamps => {
  try {
    return bagsOf(JSON.parse(text)).map((entry) => ({
      service: textOf(entry.service),
      cluster: textOf(entry.cluster),
      phase: phases.find((phase) => phase === entry.phase) ?? 'HoldDown',
      setbacks: integerOf(entry.setbacks) ?? 0,
      isSpent: entry.isSpent === true,
    }));
  } catch {
    return [];
  }
};

/** Without what {@link parse} takes for granted: ten thousand have to fit. */
const rowOf = ({ service, cluster, phase, setbacks, isSpent }: KeptRamps[number]): object => ({
  service,
  cluster,
  ...(phase === 'HoldDown' ? {} : { phase }),
  ...(setbacks === 0 ? {} : { setbacks }),
  ...(isSpent ? { isSpent } : {}),
});

/** Reads it. Rejects as the client does. */
export const loadRamps = async (client: Pick<KubeClient, 'get'>): Promise<KeptRamps> => {
  const data = (await client.get(address))?.data as { ramps?: unknown } | undefined;
  return parse(textOf(data?.ramps) || '[]');
};

/** Writes it. Rejects as the client does. */
export const saveRamps = async (client: KubeClient, kept: KeptRamps): Promise<void> => {
  await ensureNamespace(client, SYSTEM_NAMESPACE);
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: SYSTEM_NAMESPACE },
    data: { ramps: JSON.stringify(kept.slice(0, keptMax).map(rowOf)) },
  };
  await client.patch(address, 'application/apply-patch+yaml', object, { fieldManager: trafficManager, force: true });
};
