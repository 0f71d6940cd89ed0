/** @module When agents are asked to send their statuses again: as long as the broker holds one that is not their last word. */
import { describe, expect, it } from 'vitest';
import type { StatusItem } from '../../../shared/wire/messages.ts';
import { makeDoubtedStatuses } from './doubted-statuses.ts';

const item = (seq: number, observedAtMs: number, id = 'web'): StatusItem => ({
  v: 1,
  cluster: 'eu',
  id,
  seq,
  ref: { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: id },
  phase: 'Applied',
  observedAtMs,
});

/** `wait` lets the time of the next question come; the answer is how long it was, undefined = none is planned. */
const open = () => {
  const asked: string[] = [];
  let planned: { readonly delayMs: number; readonly run: () => void } | undefined;
  const setTimer = (delayMs: number, run: () => void): (() => void) => {
    planned = { delayMs, run };
    return () => {
      planned = undefined;
    };
  };
  const doubts = makeDoubtedStatuses({ env: { random: () => 1, setTimer }, ask: (cluster) => asked.push(cluster) });
  const wait = (): number | undefined => {
    const due = planned;
    planned = undefined;
    due?.run();
    return due?.delayMs;
  };
  let streamSeq = 0;
  return {
    ...doubts,
    damaged: (cluster: string, id: string) => doubts.damaged(cluster, id, ++streamSeq),
    came: (status: StatusItem, before: StatusItem | undefined) => doubts.came(status, before, ++streamSeq),
    /** The newest record is read once more. */
    cameAgain: (status: StatusItem) => doubts.came(status, status, streamSeq),
    asked,
    wait,
  };
};

describe('an agent is asked for its statuses', () => {
  it.each([
    ['of older work', item(1, 5)],
    ['of the same work that was written earlier', item(2, 4)],
  ])('when one %s takes the place of a newer one, more and more seldom, until it has sent it again', (_, late) => {
    const { came, asked, wait } = open();
    came(item(2, 5), undefined);
    came(late, item(2, 5));
    expect(asked).toEqual(['eu']);
    expect([wait(), wait(), wait()]).toEqual([20_000, 40_000, 80_000]);
    expect(asked).toHaveLength(4);
    came(item(2, 6), late);
    expect([wait(), wait()]).toEqual([160_000, undefined]);
    expect(asked).toHaveLength(4);
  });

  it('once for all that comes late in a while, and again for what comes late after that', () => {
    const { came, asked, wait } = open();
    came(item(1, 1), item(2, 5));
    came(item(1, 1, 'api'), item(2, 5, 'api'));
    came(item(2, 6), item(1, 1));
    expect([asked.length, wait(), asked.length]).toEqual([1, 20_000, 2]);
    came(item(2, 6, 'api'), item(1, 1, 'api'));
    wait();
    came(item(1, 1), item(2, 6));
    expect(asked).toHaveLength(3);
  });

  it('still when what came late is read once more', () => {
    const { came, cameAgain, asked, wait } = open();
    came(item(1, 1), item(2, 5));
    cameAgain(item(1, 1));
    wait();
    expect(asked).toHaveLength(2);
  });

  it('no more when it has answered with what the hub had before the record was damaged', () => {
    const { damaged, came, asked, wait } = open();
    damaged('eu', 'web');
    came(item(1, 1), item(1, 1));
    expect([wait(), wait(), asked.length]).toEqual([20_000, undefined, 1]);
  });

  it('no more when it has answered with the same as before, as one does whose clock was set back', () => {
    const { came, asked, wait } = open();
    came(item(1, 1), item(1, 5));
    came(item(1, 1), item(1, 1));
    expect([wait(), wait(), asked.length]).toEqual([20_000, undefined, 1]);
  });

  it('no more when the work is forgotten or the cluster has left', () => {
    for (const id of ['web', undefined]) {
      const { damaged, forget, asked, wait } = open();
      damaged('eu', 'web');
      forget('eu', id);
      wait();
      expect(asked).toHaveLength(1);
    }
  });

  it('not when the next one is newer, or read once more', () => {
    const { came, asked } = open();
    came(item(1, 1), undefined);
    came(item(1, 2), item(1, 1));
    came(item(2, 2), item(1, 2));
    came(item(2, 2), item(2, 2));
    expect(asked).toEqual([]);
  });
});
