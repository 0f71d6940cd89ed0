/** @module Laws of the agent's work under any order of events: lost answers, crashes, strangers, silence. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WorkItem } from '../../shared/wire/index.ts';
import { applyItem, configMap, withdrawItem } from '../testing/items.ts';
import { refusal } from '../testing/model-member.ts';
import { workBench } from '../testing/work-bench.ts';

const names = ['a', 'b', 'c'];
const target = (name: string): string => `/configmaps/shop/${name}`;

const happening = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ what: fc.constant('desire' as const), name: fc.constantFrom(...names), gone: fc.boolean(), delay: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('meddle' as const), name: fc.constantFrom(...names) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('remove' as const), name: fc.constantFrom(...names) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('stranger' as const), name: fc.constantFrom(...names) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('observe' as const), name: fc.constantFrom(...names) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('replay' as const), index: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 90 }) }) },
);
/** How each call ends: as it should, refused before, or done with the answer lost. */
const fates = fc.array(fc.constantFrom('fine', 'fine', 'fine', 'refused', 'lost', 'silent'), { minLength: 1, maxLength: 20 });

test("never older over newer, never a stranger's object changed, and in the end everything is as the hub wants", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), fates, (happenings, fateList) => {
      const bench = workBench();
      const wanted = new Map<string, WorkItem>();
      const sent: WorkItem[] = [];
      const strangers = new Map<string, string>();
      let seq = 0;
      let call = 0;
      let calm = false;
      bench.intercept = (effect) => {
        const fate = calm ? 'fine' : (fateList[call++ % fateList.length] ?? 'fine');
        if (fate === 'fine') return undefined;
        if (fate === 'lost') bench.member.perform(effect);
        const failure = fate === 'refused' ? refusal(422, 'Invalid') : refusal(0, 'Timeout');
        const on = {
          record: 'Recorded',
          read: 'Read',
          apply: 'Applied',
          createNamespace: 'NamespaceReady',
          delete: 'Deleted',
          release: 'Released',
        } as const;
        return { on: on[effect.do], id: effect.id, op: effect.op, failure };
      };
      const deliver = (item: WorkItem): void => {
        bench.item(item);
      };
      for (const event of happenings) {
        if (event.what === 'desire') {
          seq += 1 + event.delay;
          const base = applyItem(seq, configMap(event.name, { seq: String(seq) }));
          const item = event.gone ? withdrawItem(seq, base) : base;
          wanted.set(event.name, item);
          sent.push(item);
          deliver(item);
        } else if (event.what === 'replay') {
          const old = sent[event.index];
          if (old !== undefined) deliver(old);
        } else if (event.what === 'meddle' && !strangers.has(event.name)) {
          bench.member.meddle(target(event.name), (object) => {
            object.data = { seq: 'meddled' };
          });
        } else if (event.what === 'remove' && !strangers.has(event.name)) bench.member.objects.delete(target(event.name));
        else if (event.what === 'stranger' && !bench.member.objects.has(target(event.name))) {
          strangers.set(event.name, JSON.stringify(configMap(event.name, { by: 'stranger' }).data));
          bench.member.put(target(event.name), configMap(event.name, { by: 'stranger' }));
        } else if (event.what === 'observe') bench.observe(target(event.name));
        else if (event.what === 'crash') {
          calm = true;
          bench.restart();
          calm = false;
          // The broker keeps the newest of each id and sends it again.
          for (const item of wanted.values()) deliver(item);
        } else if (event.what === 'pass') bench.pass(event.seconds * 1_000);
        for (const [name, data] of strangers) expect(JSON.stringify(bench.member.objects.get(target(name))?.data)).toBe(data);
      }
      const highest = new Map<string, number>();
      for (const line of bench.member.writes) {
        const [verb, name = '', , written] = line.split(' ');
        if (verb !== 'apply') continue;
        expect(Number(written)).toBeGreaterThanOrEqual(highest.get(name) ?? 0);
        highest.set(name, Number(written));
      }
      calm = true;
      for (let round = 0; round < 6; round++) {
        for (const name of names) bench.observe(target(name));
        bench.pass(400_000);
      }
      for (const [name, item] of wanted) {
        if (strangers.has(name)) continue;
        const object = bench.member.objects.get(target(name));
        if (item.op === 'withdraw') expect(object).toBeUndefined();
        else expect(object?.data).toEqual(item.object?.data);
        expect(bench.statuses.get(item.id)).toMatchObject({ seq: item.seq, phase: item.op === 'withdraw' ? 'Withdrawn' : 'Applied' });
      }
      expect(bench.state.inFlight).toBe(0);
      expect(bench.state.untried.every((count) => count === 0)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
