/** @module The report on the wire: what the agent says is what the hub knows, whatever is lost, doubled or turned around on the way. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readReportMessage } from '../wire/report-message.ts';
import { decodeReport } from './decode-report.ts';
import { createReportReceiver } from './delta-receive.ts';
import { createReportSender } from './delta-send.ts';
import { encodeReport } from './encode-report.ts';
import type { CapacityDelta, CapacityReport } from './report.ts';
import { anyWidth, meaningOf, reportOfWidth } from './report-testing.ts';
import { reportOf } from './testing.ts';

const bytesOf = (report: CapacityReport | CapacityDelta): Uint8Array => encodeReport({ cluster: 'eu', bootId: 'b', report });
const readBack = (bytes: Uint8Array): CapacityReport | CapacityDelta => {
  const decoded = decodeReport(bytes, () => undefined);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.value.report;
};

/** A line of reports of one agent: equal widths mostly, numbers rising. */
const history = fc
  .record({ width: anyWidth, other: anyWidth, length: fc.integer({ min: 1, max: 6 }), odd: fc.nat(7) })
  .chain(({ width, other, length, odd }) =>
    fc.tuple(...Array.from({ length }, (_, at) => reportOfWidth(at === odd ? other : width, 1, at + 1))),
  );

describe('a report on the wire', () => {
  test('says after decoding what it said before', () => {
    fc.assert(
      fc.property(history, (reports) => {
        for (const report of reports) expect(meaningOf(readBack(bytesOf(report)) as CapacityReport)).toEqual(meaningOf(report));
      }),
      { numRuns: 60 },
    );
  });

  test('leads by deltas to what a snapshot would have said', () => {
    fc.assert(
      fc.property(history, (reports) => {
        const sender = createReportSender();
        const receiver = createReportReceiver();
        for (const report of reports) {
          const received = receiver.receive(readBack(bytesOf(sender.next(report))));
          expect(received.kind).toBe('new');
          if (received.kind === 'new') expect(meaningOf(received.report)).toEqual(meaningOf(report));
        }
      }),
      { numRuns: 100 },
    );
  });

  test('heals by one snapshot whatever the broker lost, doubled or turned around', () => {
    const fates = fc.array(fc.constantFrom('pass', 'lose', 'double', 'late'), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(history, fates, (reports, fate) => {
        const sender = createReportSender();
        const receiver = createReportReceiver();
        let known: CapacityReport | undefined;
        const deliver = (bytes: Uint8Array): void => {
          const received = receiver.receive(readBack(bytes));
          if (received.kind === 'new') known = received.report;
          if (received.kind === 'new')
            expect(reports.map((report) => JSON.stringify(meaningOf(report)))).toContain(JSON.stringify(meaningOf(received.report)));
        };
        const late: Uint8Array[] = [];
        for (const [at, report] of reports.entries()) {
          const bytes = bytesOf(sender.next(report));
          if (fate[at] === 'late') late.push(bytes);
          if (fate[at] === 'pass' || fate[at] === 'double') deliver(bytes);
          if (fate[at] === 'double') deliver(bytes);
        }
        for (const bytes of late) deliver(bytes);
        const last = reports.at(-1);
        // The beat tells the newest number; the hub asks, the agent sends the whole.
        if (receiver.seq() !== last?.seq) {
          const whole = sender.whole();
          if (whole !== undefined) deliver(bytesOf(whole));
        }
        expect(receiver.seq()).toBe(last?.seq);
        if (known !== undefined && last !== undefined) expect(meaningOf(known)).toEqual(meaningOf(last));
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    ['a node has a set of workloads that is not told', [0, 2], 'names a work set that is not in the report'],
    ['all sets are told', [0, 1], undefined],
  ])('is refused where %s', (_rule, workSet, expected) => {
    const nodes = ['a', 'b'].map((node) => ({ name: node, allocatable: {} }));
    const plain = reportOf(nodes, { works: [{ id: 0, workId: 'w' }], workSets: [{ id: 1, pods: [[0, 2, 1]] }] });
    const decoded = decodeReport(bytesOf({ ...plain, nodes: { ...plain.nodes, workSet } }), () => undefined);
    expect(decoded.ok ? undefined : decoded.message).toBe(expected);
  });

  test('is of the first format, which older hubs read, while nothing of Hanse runs there', () => {
    const plain = reportOf([{ name: 'a', allocatable: {} }]);
    expect([bytesOf(plain)[0], bytesOf({ ...plain, nodes: { ...plain.nodes, workSet: [0] } })[0]]).toEqual([1, 2]);
  });

  test('refuses by value whatever bytes come, and takes in only what adds up', () => {
    fc.assert(
      fc.property(history, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.nat(), (reports, changes, cut) => {
        const sender = createReportSender();
        const receiver = createReportReceiver();
        for (const report of reports) {
          const bytes = bytesOf(sender.next(report));
          const broken = bytes.slice(0, cut % 3 === 0 ? cut % bytes.length : bytes.length);
          for (const [at, value] of changes) if (broken.length > 0) broken[at % broken.length] = value;
          const decoded = decodeReport(broken, () => 'judged as wrong');
          if (!decoded.ok) expect(decoded.message.length).toBeGreaterThan(0);
          const honest = readReportMessage(broken);
          if (honest.ok && honest.value.report.kind === 'delta') receiver.receive(honest.value.report);
          else receiver.receive(readBack(bytes));
        }
      }),
      { numRuns: 100 },
    );
  });
});
