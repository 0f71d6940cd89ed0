/** @module One request as a line of the audit log, in the shape of audit.k8s.io/v1 Event at level Metadata: never a body, so never a Secret. */
import type { AuditEvent, UserInfo } from '../../../shared/kube/server/options.ts';

type LoggedUser = { username: string; uid?: string; groups: readonly string[]; extra?: UserInfo['extra'] };

/** audit.k8s.io/v1 Event, the fields we write. */
export type LoggedEvent = {
  kind: 'Event';
  apiVersion: 'audit.k8s.io/v1';
  level: 'Metadata';
  auditID: string;
  stage: 'ResponseComplete';
  requestURI: string;
  verb: string;
  user: LoggedUser;
  impersonatedUser?: LoggedUser;
  sourceIPs: string[];
  userAgent: string;
  objectRef?: { apiGroup?: string; apiVersion: string; resource: string; subresource?: string; namespace?: string; name?: string };
  responseStatus: { metadata: Record<string, never>; code: number; reason?: string; status?: 'Failure' };
  requestReceivedTimestamp: string;
  stageTimestamp: string;
  annotations?: Record<string, string>;
};

/** The event of a finished request. `impersonator` is who really asked, when it asked in another's name. */
export const loggedEventOf = (event: AuditEvent, impersonator: UserInfo | undefined): LoggedEvent => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID: event.requestId,
  stage: 'ResponseComplete',
  requestURI: event.path,
  verb: event.verb,
  user: userOf(impersonator ?? event.user),
  ...(impersonator === undefined ? {} : { impersonatedUser: userOf(event.user) }),
  sourceIPs: event.remoteAddress === '' ? [] : [event.remoteAddress],
  userAgent: event.userAgent,
  ...(event.resource === '' ? {} : { objectRef: objectRefOf(event) }),
  responseStatus: { metadata: {}, ...(event.code >= 400 ? { status: 'Failure', reason: event.reason } : {}), code: event.code },
  requestReceivedTimestamp: microTime(event.receivedMs),
  stageTimestamp: microTime(event.receivedMs + event.tookMs),
  ...(event.dryRun ? { annotations: { 'hanse.dev/dry-run': 'true' } } : {}),
});

const userOf = ({ name, uid, groups, extra }: UserInfo): LoggedUser => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
});

const objectRefOf = ({ group, version, resource, subresource, namespace, name }: AuditEvent): NonNullable<LoggedEvent['objectRef']> => ({
  ...(group === '' ? {} : { apiGroup: group }),
  apiVersion: version,
  resource,
  ...(subresource === '' ? {} : { subresource }),
  ...(namespace === '' ? {} : { namespace }),
  ...(name === '' ? {} : { name }),
});

/** meta/v1 MicroTime has six digits; our clock knows three. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
