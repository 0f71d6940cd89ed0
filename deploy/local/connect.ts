/** @module Opens the hub that a kubeconfig names, for commands and for the tour: the same HTTP client that agents use. */
import { existsSync } from 'node:fs';
import { type ClusterAccess, httpClient, loadKubeconfig, type MemberApi } from '../../agent/cluster/index.ts';
import { type HubConnection, UsageError } from '../../hub/cli/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';

/**
 * Where a hub's kubeconfig is looked for when none is named, best first: what the environment says is the hub's, what `npm start` and what
 * `hanse hub` write here, then the kubeconfig of everything else.
 */
export const hubKubeconfigs = (variables: NodeJS.ProcessEnv): string[] =>
  [variables.HANSE_HUB_KUBECONFIG, '.hanse/kubeconfig', '.hanse/hub/kubeconfig', variables.KUBECONFIG?.split(':')[0]].filter(
    (file): file is string => file !== undefined && file !== '',
  );

/** A client of the API that the kubeconfig names. */
export const openKubeconfig = async (file: string, env: RuntimeEnv): Promise<{ api: MemberApi; access: ClusterAccess }> => {
  const access = await loadKubeconfig(file, env);
  return { api: httpClient(access, { userAgent: 'hanse' }), access };
};

/** The hub's API. @throws UsageError when there is no kubeconfig where one is looked for. */
export const connectHub = async (asked: string | undefined, env: RuntimeEnv): Promise<HubConnection> => {
  const files = asked === undefined ? hubKubeconfigs(process.env) : [asked];
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined) {
    throw new UsageError(
      `no kubeconfig of a hub at ${files.join(' nor ')}: start one with \`npm start\` or \`hanse hub\`, or name it with --kubeconfig`,
    );
  }
  const { api, access } = await openKubeconfig(file, env);
  return {
    client: api,
    raw: (path, accept) => api.raw(path, accept),
    server: access.server,
    caPem: access.ca ?? '',
    close: () => api.close(),
  };
};
