/** @module Who changed what: the audit log of the API. */
export { type LoggedEvent, loggedEventOf } from './audit-event.ts';
export {
  AUDIT_FILE_BYTES_MAX,
  AUDIT_FILES_KEPT,
  AUDIT_QUEUE_MAX,
  type AuditFigures,
  type AuditLog,
  type AuditLogOptions,
  openAuditLog,
} from './audit-log.ts';
