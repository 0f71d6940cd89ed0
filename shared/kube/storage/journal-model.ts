/** @module A journal driver beside a model of maps and arrays. Imported by tests only. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type JournalUnderTest, keyOf, liveOf, put, remove, take } from './journal-testing.ts';
import type { Journal, Revision, Write } from './port.ts';

type Command = { readonly op: 'put' | 'delete'; readonly name: string; readonly expect: 'right' | 'wrong' | 'any' };

const commands = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.uniqueArray(commandOf(), { minLength: 1, maxLength: 4, selector: (command) => command.name }) },
    { weight: 1, arbitrary: fc.constant('compact' as const) },
  ),
  { maxLength: 25 },
);

function commandOf(): fc.Arbitrary<Command> {
  return fc.record({
    op: fc.constantFrom('put', 'put', 'delete'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    expect: fc.constantFrom('right', 'right', 'right', 'wrong', 'any'),
  });
}

/** The driver and the model agree. */
export const modelRules = (open: () => Promise<JournalUnderTest>): void => {
  // Forty journals are opened one after the other; a driver on disk starts a thread for each.
  it('agrees with a model of maps and arrays over random commits and compactions', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (script) => {
        const { journal, dispose } = await open();
        try {
          await runScript(journal, script);
        } finally {
          await dispose();
        }
      }),
      { numRuns: 40 },
    );
  });
};

const runScript = async (journal: Journal, script: readonly (Command[] | 'compact')[]): Promise<void> => {
  const live = new Map<string, Revision>();
  const log: [Revision, string, string][] = [];
  let floor = 0;
  for (const step of script) {
    if (step === 'compact') {
      floor = Math.max(floor, Math.floor(log.length / 2));
      await journal.compact(floor);
      continue;
    }
    const writes = step.map((command): Write => {
      const actual = live.get(keyOf(command.name)) ?? 0;
      const expected = command.expect === 'any' ? undefined : command.expect === 'right' ? actual : actual + 1;
      return command.op === 'put' ? put(command.name, expected) : remove(command.name, expected);
    });
    const fits = writes.every(
      (write) =>
        (write.expected === undefined || write.expected === (live.get(write.key) ?? 0)) && (write.op === 'put' || live.has(write.key)),
    );
    const result = await journal.commit(writes);
    expect(result.ok).toBe(fits);
    if (!fits) continue;
    for (const write of writes) {
      log.push([log.length + 1, write.op, write.key]);
      if (write.op === 'put') live.set(write.key, log.length);
      else live.delete(write.key);
    }
  }
  expect([journal.head(), journal.floor()]).toEqual([log.length, floor]);
  const { objects } = await liveOf(journal);
  expect([...objects].map(([key, at]) => [key, Number(at.metadata.resourceVersion)]).sort()).toEqual([...live].sort());
  const followed = await take(journal, floor, log.length - floor);
  expect(followed.map((entry) => [entry.revision, entry.op, entry.key])).toEqual(log.slice(floor));
};
