/** @module A hub's front on a throw-away data directory, served over HTTPS, for benchmarks that need no agents. */
import { join } from 'node:path';
import { createFront, createServedKinds, type Front, openAuthority, serve } from '../../../hub/api/index.ts';
import { openScratch, scratchDirectory } from '../../../hub/store/testing/scratch.ts';
import { createStore, type OpenStore } from '../../../shared/kube/storage/index.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import { type HttpsClient, startHttpsClient } from './https-client.ts';

/** A front that listens. */
export type RunningFront = {
  readonly front: Front;
  readonly store: OpenStore;
  readonly url: string;
  /** A client on another thread that speaks as the admin. */
  readonly client: HttpsClient;
  readonly close: () => Promise<void>;
};

/** Starts one over a SQLite journal. */
export const startFront = async (): Promise<RunningFront> => {
  const { directory, remove } = scratchDirectory();
  const env = nodeEnv(silentLog);
  const journal = openScratch(join(directory, 'journal'));
  const store = await createStore(journal, { env });
  const authority = await openAuthority({ directory: join(directory, 'certificates'), commonName: 'bench', nowMs: env.nowMs });
  const version = { major: '1', minor: '36', gitVersion: 'v1.36.0-hanse', gitCommit: '', platform: `${process.platform}/${process.arch}` };
  const front = createFront({
    store,
    kinds: createServedKinds(),
    dataDir: directory,
    authority,
    env,
    version,
    journalFigures: journal.figures,
  });
  await front.start();
  const server = await authority.issue('server', 'server', { commonName: 'localhost', ipAddresses: ['127.0.0.1'] });
  const admin = await authority.issue('admin', 'client', { commonName: 'admin', organizations: ['system:masters'] });
  const served = await serve({ fetch: front.app.fetch, ...server, clientCaPem: [authority.certificatePem], log: silentLog });
  await front.writeAdminKubeconfig(join(directory, 'kubeconfig'), served.url);
  const client = startHttpsClient({ url: served.url, ca: authority.certificatePem, cert: admin.certificatePem, key: admin.privateKeyPem });
  return {
    front,
    store,
    url: served.url,
    client,
    close: async () => {
      await client.close();
      await served.close(0);
      await front.close();
      await store.close();
      await journal.close();
      remove();
    },
  };
};
