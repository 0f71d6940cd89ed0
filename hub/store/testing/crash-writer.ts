/**
 * @module The process that is killed: commits as many groups as it is told, all at once, and says each acknowledged one on stdout.
 * Arguments: data directory, round, number of commits.
 */
import type { Write } from '../../../shared/kube/storage/index.ts';
import { openScratch } from './scratch.ts';

/** Objects of one commit: all of them or none must survive. */
export const GROUP_SIZE = 3;

/** The writes of one commit: new objects, and one that every commit of the round replaces. */
export const groupOf = (round: number, index: number): Write[] =>
  Array.from({ length: GROUP_SIZE }, (_, member): Write => {
    const name = member === 0 ? `shared-${index % 100}` : `r${round}-c${index}-m${member}`;
    return {
      op: 'put',
      key: `/configmaps/crash/${name}`,
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: 'crash' },
        data: { round, index, member, filler: 'x'.repeat(500) },
      },
    };
  });

/** Commits them all and reports; the caller is expected to be killed before it ends. */
const main = async ([directory = '', round = '0', commits = '0']: readonly string[]): Promise<void> => {
  const journal = openScratch(directory);
  process.stdout.write(`open ${journal.head()}\n`);
  await Promise.all(
    Array.from({ length: Number(commits) }, async (_, index) => {
      const result = await journal.commit(groupOf(Number(round), index));
      // Node writes to a pipe synchronously: what the parent reads was acknowledged before the kill.
      if (result.ok) process.stdout.write(`ack ${index} ${result.revisions.join(',')}\n`);
    }),
  );
  process.stdout.write('end\n');
  await journal.close();
};

if (import.meta.main) await main(process.argv.slice(2));
