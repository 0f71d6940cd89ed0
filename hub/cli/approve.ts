/** @module `hanse approve` and `hanse deny`: lets a cluster in, or not. */
import type { Cluster } from '../../shared/api/cluster.ts';
import { clusters } from '../../shared/api/cluster.ts';
import { type CliContext, UsageError, withHub } from './context.ts';

/** Sets `spec.admission` of each named cluster. @throws UsageError when one is not known. */
export const admit = (
  context: CliContext,
  kubeconfig: string | undefined,
  names: readonly string[],
  admission: 'Approved' | 'Denied',
): Promise<void> =>
  withHub(context, kubeconfig, async ({ client }) => {
    for (const name of names) {
      const cluster = (await client.get({ ...clusters, name })) as Cluster | undefined;
      if (cluster === undefined) {
        const waiting = (await client.list(clusters)).items.map(({ metadata }) => metadata.name).join(', ') || 'none';
        throw new UsageError(`cluster "${name}" is not known to the hub (known: ${waiting}). Start \`hanse join\` in it first.`);
      }
      if (cluster.spec?.admission === admission) {
        context.print(`cluster ${name} already ${admission.toLowerCase()}`);
        continue;
      }
      await client.patch({ ...clusters, name }, 'application/merge-patch+json', { spec: { admission } }, { fieldManager: 'hanse-cli' });
      context.print(`cluster ${name} ${admission.toLowerCase()}`);
    }
  });
