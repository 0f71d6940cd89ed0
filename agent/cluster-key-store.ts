/** @module Keeps the agent's keys in a Secret of the member cluster, for an agent that runs in a pod and has no disk. */
import type { KubeClient } from '../shared/kube/client/port.ts';
import type { KeyStore } from './link/index.ts';
import { ensureNamespace, FIELD_MANAGER, SYSTEM_NAMESPACE } from './work/index.ts';

const NAME = 'hanse-agent-keys';
const address = { group: '', version: 'v1', resource: 'secrets', namespace: SYSTEM_NAMESPACE, name: NAME } as const;

/** The store; its calls reject as the client does. */
export const clusterKeyStore = (client: KubeClient): KeyStore => ({
  place: `Secret ${SYSTEM_NAMESPACE}/${NAME}`,
  removal: `kubectl delete secret ${NAME} -n ${SYSTEM_NAMESPACE}`,
  load: async () => {
    const text = ((await client.get(address))?.data as { keys?: unknown } | undefined)?.keys;
    return typeof text === 'string' ? Buffer.from(text, 'base64').toString('utf8') : undefined;
  },
  save: async (text) => {
    await ensureNamespace(client, SYSTEM_NAMESPACE);
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: NAME, namespace: SYSTEM_NAMESPACE },
      type: 'hanse.dev/agent-keys',
      data: { keys: Buffer.from(text).toString('base64') },
    };
    await client.patch(address, 'application/apply-patch+yaml', secret, { fieldManager: FIELD_MANAGER, force: true });
  },
});
