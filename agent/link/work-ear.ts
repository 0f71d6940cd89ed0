/** @module Work as it comes over one connection: first all there is, then as it changes; what may not pass is refused and counted. */
import type { Listeners } from '../../shared/wire/listeners.ts';
import type { Refusals } from '../../shared/wire/refusals.ts';
import { kvSubject } from '../../shared/wire/subjects.ts';
import type { WorkEvent } from './port.ts';
import type { WorkGate } from './work-gate.ts';
import { readWork, type WorkReader, type WorkReaderOptions } from './work-reader.ts';

export type WorkEarOptions = Pick<WorkReaderOptions, 'env' | 'connection' | 'cluster'> & {
  readonly gate: WorkGate;
  readonly onWork: Listeners<WorkEvent>;
  readonly refusals: Refusals;
};

/** Begins to read. */
export const hearWork = ({ gate, onWork, refusals, ...where }: WorkEarOptions): WorkReader => {
  let ids: string[] = [];
  let isReadingAll = false;
  return readWork({
    ...where,
    onInit: () => {
      ids = [];
      isReadingAll = true;
      onWork.tell({ type: 'Init' });
    },
    onRecord: (record) => {
      if (isReadingAll) ids.push(record.key.slice(where.cluster.length + 1));
      const passed = gate.pass(record);
      if (passed.pass === 'item') onWork.tell({ type: 'Item', item: passed.item });
      if (passed.pass === 'outdated')
        onWork.tell({ type: 'Outdated', id: passed.item.id, ref: passed.item.ref, knownSeq: passed.knownSeq });
      if (passed.pass === 'outdated' || passed.pass === 'refused') {
        const reason = passed.pass === 'outdated' ? 'Replayed' : passed.reason;
        refusals.refuse({ cluster: where.cluster, subject: kvSubject('work', record.key), reason, message: passed.message });
      }
    },
    onInitDone: () => {
      isReadingAll = false;
      onWork.tell({ type: 'InitDone', ids });
    },
  });
};
