/** @module What the hub keeps of the statuses that agents write, whatever they write. */
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../../shared/wire/decode.ts';
import type { StatusItem } from '../../../shared/wire/messages.ts';
import { makeRefusals } from '../../../shared/wire/refusals.ts';
import { trafficIdOf, trafficRef } from '../../../shared/wire/traffic.ts';
import { testEnv } from '../testing/broker.ts';
import { makeDoubtedStatuses } from './doubted-statuses.ts';
import { makeStatusDesk } from './status-desk.ts';

const item = (id: string, more: Partial<StatusItem> = {}): StatusItem => ({
  v: 1,
  cluster: 'eu',
  id,
  seq: 1,
  ref: { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: id },
  phase: 'Applied',
  observedAtMs: 1,
  ...more,
});

const open = (weightMax?: number) => {
  const refusals = makeRefusals(testEnv);
  const asked: string[] = [];
  const removed: string[] = [];
  const told: string[] = [];
  const unknown: string[] = [];
  const sent = new Set(['eu.web', 'eu.api']);
  const desk = makeStatusDesk({
    env: testEnv,
    refusals,
    isSent: (cluster, id) => sent.has(`${cluster}.${id}`),
    onUnknown: ({ id }) => unknown.push(id),
    doubts: makeDoubtedStatuses({ env: { random: () => 0, setTimer: () => () => undefined }, ask: (cluster) => asked.push(cluster) }),
    remove: (key) => removed.push(key),
    ...(weightMax === undefined ? {} : { weightMax }),
  });
  desk.onStatus(({ id }) => told.push(id));
  const see = (status: StatusItem, key = `eu.${status.id}`): void =>
    desk.see({ key, payload: encodeMessage('status', status).bytes, signature: undefined, streamSeq: 1 });
  return { desk, see, asked, removed, told, unknown, reasons: () => Object.fromEntries(refusals.counts()) };
};

describe('a status', () => {
  it('of work that was sent is told; of any other it is refused and taken away, and told as unknown while it is there', () => {
    const { see, told, unknown, removed, reasons } = open();
    see(item('web'));
    see(item('other'));
    see(item('gone', { phase: 'Withdrawn' }));
    expect([told, unknown, removed, reasons()]).toEqual([['web'], ['other'], ['eu.other', 'eu.gone'], { 'eu/UnknownWork': 1 }]);
  });

  it('of a service that the cluster offers by itself is told', () => {
    const { see, told, removed, reasons } = open();
    see(item(trafficIdOf('shop', 'front'), { seq: 0, ref: trafficRef('shop', 'front') }));
    expect([told, removed, reasons()]).toEqual([[trafficIdOf('shop', 'front')], [], {}]);
  });

  it('that would make a cluster weigh too much is refused and taken away, and the one before it stays', () => {
    const { desk, see, told, removed, reasons } = open(2_500);
    see(item('web'));
    see(item('web', { seq: 2, status: { list: Array.from({ length: 100 }, () => ({})) } }));
    expect([told, removed, reasons()]).toEqual([['web'], ['eu.web'], { 'eu/TooMuch': 1 }]);
    const again: StatusItem[] = [];
    desk.onStatus((one) => again.push(one));
    expect(again.map(({ seq }) => seq)).toEqual([1]);
    // What is forgotten makes room.
    for (let turn = 0; turn < 50; turn++) {
      see(item('api', { seq: turn + 1, message: 'x'.repeat(900) }));
      desk.forget('eu', 'api');
    }
    expect(reasons()).toEqual({ 'eu/TooMuch': 1 });
  });

  it('that takes the place of a newer one is told, and the cluster is asked for all of them', () => {
    const { see, asked, told } = open();
    see(item('web', { seq: 2 }));
    see(item('web'));
    expect([asked, told]).toEqual([['eu'], ['web', 'web']]);
  });

  it('that cannot be read is refused and the cluster is asked, once in a while, for all of them', () => {
    const { see, asked, told, reasons } = open();
    see(item('web'), 'eu.api');
    see(item('web'), 'eu.api');
    expect([asked, told, reasons()]).toEqual([['eu'], [], { 'eu/WrongId': 2 }]);
  });

  it('that cannot be read and is of work that was never sent is taken away, and nobody is asked for it', () => {
    const { see, asked, removed, reasons } = open();
    see(item('web'), 'eu.other');
    expect([asked, removed, reasons()]).toEqual([[], ['eu.other'], { 'eu/WrongId': 1 }]);
  });
});
