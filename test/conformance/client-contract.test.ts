/** @module Both drivers of the client port, held to one contract against one kind of server. */
import { httpClient, loadKubeconfig } from '../../agent/cluster/index.ts';
import { clientContract } from '../../shared/kube/client/client-contract.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import { startConformanceServer } from './conformance-server.ts';

clientContract('in process', async () => {
  const server = await startConformanceServer();
  return { client: server.api.client, dispose: server.close };
});

clientContract('the agent over HTTPS', async () => {
  const server = await startConformanceServer();
  const client = httpClient(await loadKubeconfig(server.kubeconfig, nodeEnv(silentLog)));
  return {
    client,
    dispose: async () => {
      await client.close();
      await server.close();
    },
  };
});
