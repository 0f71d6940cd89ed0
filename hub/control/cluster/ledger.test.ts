/** @module The room of a cluster under what was assigned there. */
import { describe, expect, it } from 'vitest';
import { podShapeOf } from '../../../shared/capacity/index.ts';
import { reportOf } from '../../../shared/capacity/testing.ts';
import { createLedger } from './ledger.ts';

const pod = (cpu: number) => podShapeOf({ containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: `${cpu}m` } } }] });
const tainted = { name: 'gpu', allocatable: { cpu: 64_000 }, taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' as const }] };
const waiting = reportOf([{ name: 'a', allocatable: { cpu: 4_000 } }, tainted], {
  present: { web: { bound: 1, pending: 3 } },
  pending: [{ shapeHash: 'x', count: 3, oldestSeconds: 1, requests: { cpu: 1_000 } }],
});
const left = { count: 8, exact: true };

describe('the ledger of the hub', () => {
  it('counts pods that wait in a member as those of their workload, once', () => {
    const ledger = createLedger();
    ledger.assign('web', pod(1_000), new Map([['home', 4]]));
    expect(ledger.room('home', waiting).fit(pod(120))).toMatchObject(left);
    expect(ledger.copy('home', waiting).fit(pod(120))).toMatchObject(left);
  });

  it('counts them so as soon as the workload is known', () => {
    const ledger = createLedger();
    expect(ledger.room('home', waiting).fit(pod(120)).exact).toBe(false);
    ledger.assign('web', pod(1_000), new Map([['home', 4]]));
    expect(ledger.room('home', waiting).fit(pod(120))).toMatchObject(left);
    ledger.assign('web', pod(1_000), new Map());
    expect(ledger.room('home', waiting).fit(pod(120)).exact).toBe(false);
  });

  it('takes what is not seen there yet from what those that wait leave', () => {
    const ledger = createLedger();
    ledger.assign('web', pod(1_000), new Map([['home', 4]]));
    const room = ledger.room('home', waiting);
    ledger.assign('web', pod(1_000), new Map([['home', 5]]));
    expect(ledger.room('home', waiting)).toBe(room);
    expect(room.fit(pod(120)).count).toBe(0);
  });
});
