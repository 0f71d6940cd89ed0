/** @module Where objects are kept: the journal port, its memory driver, and the watch cache over any driver. */
export { createStore, type OpenStore, type StoreOptions } from './cache.ts';
export { firstAfter } from './first-after.ts';
export { assertDistinct, firstConflict } from './first-conflict.ts';
export { type Gap, gapsMax, isLeftOut } from './gaps.ts';
export { keyOf, partsOf, prefixOf } from './key.ts';
export { memoryJournal } from './memory-journal.ts';
export { type CommitResult, CompactedError, type Entry, type Journal, type Revision, type StorageKey, type Write } from './port.ts';
export { stamped } from './stamped.ts';
export type { Change, ChangeSink, Store, Stored } from './store.ts';
