/** @module Writing objects of the hub from its loops: commits with compare-and-set on what was read. */
import type { KubeObject } from '../../shared/kube/object.ts';
import type { CommitResult, Store, Write } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { timeText } from '../../shared/lib/time-text.ts';
import type { Outcome } from './controller.ts';

/** The name under which the loops write. */
export const controlUser = 'system:hanse';

/** Metadata of an object that the hub makes itself. */
export const newMetadata = (env: Pick<RuntimeEnv, 'nowMs' | 'uuid'>, name: string, namespace: string): KubeObject['metadata'] => ({
  name,
  ...(namespace === '' ? {} : { namespace }),
  uid: env.uuid(),
  creationTimestamp: timeText(env.nowMs()),
  generation: 1,
});

/** Commits; undefined when written, else the outcome that brings the pass back. A conflict is normal: the next pass reads again. */
export const commit = async (store: Store, writes: readonly Write[]): Promise<Outcome | undefined> => {
  const result: CommitResult = await store.commit(writes);
  if (result.ok) return undefined;
  if (result.why === 'conflict') return { outcome: 'again', afterMs: 0 };
  return { outcome: 'retry', error: result.cause };
};
