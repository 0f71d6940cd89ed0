/** @module Whose is an object that already exists: ours, free to adopt, or somebody else's. */
import type { WorkItem } from '../../shared/wire/index.ts';
import type { Live } from './live.ts';

/** The judgement; `force` = take fields that others set. */
export type Judgement =
  | { readonly may: 'apply'; readonly force: boolean }
  | { readonly may: 'no'; readonly reason: string; readonly message: string };

/** Judges an object found under the item's name. */
export const judge = (item: WorkItem, found: Live): Judgement => {
  const what = `${item.ref.kind} ${item.ref.namespace === '' ? '' : `${item.ref.namespace}/`}${item.ref.name}`;
  if (found.workId === item.id) return { may: 'apply', force: false };
  if (item.adopt === 'Always') return { may: 'apply', force: true };
  if (item.adopt === 'Never') {
    return no(
      `${what} exists in this cluster and is not managed by Hanse: delete or rename it there, or let the policy adopt it (adopt: IfUnowned)`,
    );
  }
  if (found.workId !== undefined)
    return no(`${what} belongs to another work item (${found.workId}): let the policy adopt it by force (adopt: Always)`);
  if (found.claimedBy !== undefined) {
    return no(`${what} is managed by ${found.claimedBy}: end that, or let the policy adopt it by force (adopt: Always)`);
  }
  return { may: 'apply', force: false };
};

const no = (message: string): Judgement => ({ may: 'no', reason: 'NotOwned', message });
