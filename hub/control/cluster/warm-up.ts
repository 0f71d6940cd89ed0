/** @module After a start decisions wait until every cluster has been heard, or for as long as a silent one is tolerated. */
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { Directory } from './directory.ts';

/** Starts now; the answer tells whether decisions may be made. */
export const startWarmUp = (
  env: Pick<RuntimeEnv, 'monotonicMs'>,
  directory: Pick<Directory, 'views' | 'get'>,
  toleranceMs: number,
): (() => boolean) => {
  const startedMs = env.monotonicMs();
  return () =>
    env.monotonicMs() - startedMs >= toleranceMs ||
    directory
      .views()
      .every((view) => view.closed !== undefined || (view.room !== undefined && directory.get(view.name)?.health.phase !== 'Unseen'));
};
