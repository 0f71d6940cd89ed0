/** @module How long replicas wait for a node before they may go elsewhere. */
import { describe, expect, it } from 'vitest';
import type { NominatedNode } from '../../../shared/api/index.ts';
import { type CapacityReport, podShapeOf } from '../../../shared/capacity/index.ts';
import { reportOf } from '../../../shared/capacity/testing.ts';
import type { ClusterView } from '../../../shared/placement/index.ts';
import type { ClusterRecord } from '../cluster/directory.ts';
import { healthTaints } from '../cluster/health.ts';
import { createLedger } from '../cluster/ledger.ts';
import { createNodelessWatch } from './nodeless.ts';

const minute = { plainMs: 60_000, autoscaledMs: 300_000 };
const requests = { cpu: 4_000 };
const pod = (more: object = {}) => podShapeOf({ containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: '4' } } }], ...more });
const waiting = (pending: number, more: Partial<CapacityReport> = {}): CapacityReport =>
  reportOf([{ name: 'a', allocatable: { cpu: 3_000 } }], {
    present: pending === 0 ? {} : { web: { bound: 0, pending } },
    pending: pending === 0 ? [] : [{ shapeHash: 'x', count: pending, oldestSeconds: 900, requests }],
    ...more,
  });

/** A watch over one cluster `home` to which eight replicas are assigned, with a clock that goes as told. */
const start = () => {
  let nowMs = 0;
  const timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const home: { report: CapacityReport; taints: ClusterView['taints'] } = { report: waiting(0), taints: [] };
  const ledger = createLedger();
  const assign = (shape = pod(), nominated: readonly NominatedNode[] = []) =>
    ledger.assign('web', shape, new Map([['home', 8]]), new Map([['home', nominated]]));
  assign();
  let changes = 0;
  const watch = createNodelessWatch({
    env: {
      monotonicMs: () => nowMs,
      setTimer: (delayMs, run) => {
        const timer = { atMs: nowMs + delayMs, run };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    },
    directory: {
      get: () => ({ report: home.report }) as ClusterRecord,
      view: () => ({ taints: home.taints }) as ClusterView,
      liveness: () => ({ is: 'Heard' }),
    },
    ledger,
    wait: minute,
    onChange: () => {
      changes += 1;
    },
  });
  return {
    assign,
    changes: () => changes,
    due: () => watch.of('web').get('home')?.count ?? 0,
    outrun: () => [...(watch.of('web').get('home')?.outrun ?? [])],
    say: (report: CapacityReport, taints: ClusterView['taints'] = []) => {
      Object.assign(home, { report, taints });
      watch.reported('home');
    },
    /** Seconds go by. */
    pass: (seconds: number) => {
      const endMs = nowMs + seconds * 1_000;
      for (;;) {
        const next = timers.toSorted((a, b) => a.atMs - b.atMs).find(({ atMs }) => atMs <= endMs);
        if (next === undefined) break;
        timers.splice(timers.indexOf(next), 1);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
      nowMs = endMs;
    },
  };
};

describe('replicas that wait for a node', () => {
  it('wait for a minute from when they are first seen, however old other pods of their size are, and are told once', () => {
    const it = start();
    it.say(waiting(6));
    it.pass(60);
    expect([it.due(), it.changes()]).toEqual([0, 0]);
    it.pass(1);
    expect([it.due(), it.changes()]).toEqual([6, 1]);
    it.pass(600);
    expect(it.changes()).toBe(1);
  });

  it('wait for five minutes where an autoscaler may add nodes', () => {
    const it = start();
    it.say(waiting(6, { potential: [{ source: 'karpenter', name: 'p', labels: {}, taints: [] }] }));
    it.pass(300);
    expect(it.due()).toBe(0);
    it.pass(1);
    expect(it.due()).toBe(6);
  });

  it('wait anew when the workload asks for something else, though as much of it', () => {
    const it = start();
    it.say(waiting(6));
    it.pass(40);
    it.assign(pod({ nodeSelector: { disk: 'ssd' } }));
    it.say(waiting(6));
    it.pass(40);
    expect(it.due()).toBe(0);
    it.pass(30);
    expect(it.due()).toBe(6);
    it.assign();
    expect(it.due()).toBe(0);
  });

  it('wait anew when their cluster was in doubt', () => {
    const it = start();
    it.say(waiting(6));
    it.pass(61);
    it.say(waiting(6), [{ key: healthTaints.notReady, value: '', effect: 'NoSchedule' }]);
    expect(it.due()).toBe(0);
    it.pass(10);
    it.say(waiting(6));
    it.pass(50);
    expect(it.due()).toBe(0);
    it.pass(20);
    expect(it.due()).toBe(6);
  });

  it('wait anew where another node is kept for them, or the same once more, and it is known which ones others took', () => {
    const it = start();
    const node = { node: 'a', replicas: 2 };
    it.assign(pod(), [node]);
    it.say(waiting(2));
    it.pass(61);
    expect([it.due(), it.outrun()]).toEqual([2, [['a', 2]]]);
    it.assign(pod(), [{ ...node, tries: 2 }]);
    expect(it.due()).toBe(0);
    it.say(waiting(2));
    it.pass(50);
    expect(it.due()).toBe(0);
    it.pass(20);
    expect([it.due(), it.outrun()]).toEqual([2, [['a', 2]]]);
  });

  it('are no more than still wait, and it is told when they do not', () => {
    const it = start();
    it.say(waiting(6));
    it.pass(61);
    it.say(waiting(2));
    expect(it.due()).toBe(2);
    it.pass(2);
    it.say(waiting(0));
    it.pass(2);
    expect([it.due(), it.changes()]).toEqual([0, 3]);
  });
});
