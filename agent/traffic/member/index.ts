/** @module The member as traffic sees it: one face over everything that is read there. */
export type { OwnObject } from './item.ts';
export { type MemberView, watchMember } from './watch.ts';
