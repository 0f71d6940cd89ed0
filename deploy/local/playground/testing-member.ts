/** @module For tests: a member of the playground in a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../shared/lib/index.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import { cloudClusters } from './clouds.ts';
import { type MemberOptions, type PlaygroundMember, startMember } from './member.ts';

/** A running member; it takes its folder with it when it stops. */
export type TestMember = PlaygroundMember & { readonly folder: string };

/** Starts one, silent unless `env` logs. */
export const startTestMember = async (options: Partial<Pick<MemberOptions, 'env' | 'apiOnly'>> = {}): Promise<TestMember> => {
  const folder = await mkdtemp(join(tmpdir(), 'hanse-member-'));
  const [cluster] = cloudClusters(1);
  if (cluster === undefined) throw new Error('no cluster');
  const member = await startMember({ env: nodeEnv(silentLog), ...options, cluster, dataDir: folder, port: 0 });
  const stop = async (): Promise<void> => {
    await member.stop();
    await rm(folder, { recursive: true });
  };
  return { ...member, stop, folder };
};
