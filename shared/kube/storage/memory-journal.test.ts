/** @module The memory journal, held to the journal contract. */
import { journalContract } from './journal-contract.ts';
import { memoryJournal } from './memory-journal.ts';

journalContract('memory', async () => {
  const journal = memoryJournal();
  return { journal, dispose: () => journal.close() };
});
