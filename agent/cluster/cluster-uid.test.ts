/** @module Reading which cluster this is: late, forbidden, and changed. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { manifestObjects } from '../manifest.ts';
import { ApiError } from './api-error.ts';
import { type ClusterUidWatch, watchClusterUid } from './cluster-uid.ts';

const namespace = (uid: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid } });
const forbidden = new StatusError(403, 'Forbidden', 'no');

type Answer = string | Error;
type Rule = { resources: string[]; verbs: string[] };

/** A watch over scripted answers; `wake` runs the timer that waits. */
const watchOf = (answers: Answer[]) => {
  let wake: (() => void) | undefined;
  let changes = 0;
  const client = {
    get: async (): Promise<KubeObject> => {
      const answer = answers.shift() ?? 'none';
      if (answer instanceof Error) throw answer;
      return namespace(answer);
    },
  };
  const setTimer = (_ms: number, run: () => void) => {
    wake = run;
    return () => {
      wake = undefined;
    };
  };
  const watch: ClusterUidWatch = watchClusterUid(client, { setTimer, random: () => 0.5 }, () => void changes++);
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { watch, settled, wake: () => wake?.(), waits: () => wake !== undefined, changes: () => changes };
};

describe('the UID of kube-system', () => {
  test('is among what the manifest of the agent grants', () => {
    const options = { cluster: 'eu', hubUrl: 'https://hub', token: 't', image: 'i' };
    const rules = manifestObjects(options).flatMap(({ kind, rules }) => (kind === 'ClusterRole' ? (rules as Rule[]) : []));
    expect(rules.some(({ resources, verbs }) => resources.includes('namespaces') && verbs.includes('get'))).toBe(true);
  });

  test('is asked for until the API answers, and told once', async () => {
    const { watch, settled, wake, waits, changes } = watchOf([new ApiError('Unreachable', 'x'), 'a']);
    await watch.asked;
    expect([watch.current(), watch.forbidden(), waits(), changes()]).toEqual([undefined, [], true, 0]);
    wake();
    await settled();
    expect([watch.current(), waits(), changes()]).toEqual(['a', false, 1]);
  });

  test('that may not be read is named as a right that lacks, and read when it is granted', async () => {
    const { watch, settled, wake } = watchOf([forbidden, 'a']);
    await watch.asked;
    expect([watch.current(), watch.forbidden()]).toEqual([undefined, ['get namespaces kube-system']]);
    wake();
    await settled();
    expect([watch.current(), watch.forbidden()]).toEqual(['a', []]);
  });

  test('is read again when the API comes back: another cluster may answer; silence forgets nothing', async () => {
    const { watch, settled } = watchOf(['a', new ApiError('Timeout', 'x'), 'b']);
    await watch.asked;
    for (const uid of ['a', 'b']) {
      watch.refresh();
      await settled();
      expect(watch.current()).toBe(uid);
    }
    watch.stop();
  });
});
