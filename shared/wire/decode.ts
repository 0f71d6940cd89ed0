/** @module From bytes of the wire to a message: size, UTF-8, JSON, version, shape, sender; every failure is a value with a reason. */
import { messageOf } from '../lib/message-of.ts';
import type { Check } from './check.ts';
import { bytesMax } from './limits.ts';
import type {
  Beat,
  Hello,
  JoinAnswer,
  JoinRequest,
  KindMessage,
  RenewAnswer,
  RenewRequest,
  ReportMessage,
  StatusItem,
  WantMessage,
  WorkItem,
} from './messages.ts';
import { wireVersion } from './messages.ts';
import { readReportMessage, writeReportMessage } from './report-message.ts';
import * as schemas from './schemas.ts';

/** Every message by the word the decoder knows it by. */
export type MessageOf = {
  hello: Hello;
  beat: Beat;
  report: ReportMessage;
  want: WantMessage;
  kind: KindMessage;
  renew: RenewRequest;
  renewAnswer: RenewAnswer;
  work: WorkItem;
  status: StatusItem;
  join: JoinRequest;
  joinAnswer: JoinAnswer;
};

export type MessageKind = keyof MessageOf;

/** Why a message was refused. */
export type DecodeRefusal = 'TooLarge' | 'NotJson' | 'UnknownVersion' | 'Malformed' | 'WrongCluster';

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: DecodeRefusal; readonly message: string };

/** A message with its own bytes has no check: its reader judges it. */
type Rule = { readonly check: Check; readonly bytesMax: number } | { readonly packed: true; readonly bytesMax: number };

const rules: Readonly<Record<MessageKind, Rule>> = {
  hello: { check: schemas.hello, bytesMax: bytesMax.hello },
  beat: { check: schemas.beat, bytesMax: bytesMax.beat },
  report: { packed: true, bytesMax: bytesMax.report },
  want: { check: schemas.want, bytesMax: bytesMax.want },
  kind: { check: schemas.kind, bytesMax: bytesMax.kind },
  renew: { check: schemas.renewRequest, bytesMax: bytesMax.renew },
  renewAnswer: { check: schemas.renewAnswer, bytesMax: bytesMax.join },
  work: { check: schemas.workItem, bytesMax: bytesMax.work },
  status: { check: schemas.statusItem, bytesMax: bytesMax.status },
  join: { check: schemas.joinRequest, bytesMax: bytesMax.join },
  joinAnswer: { check: schemas.joinAnswer, bytesMax: 2 * bytesMax.join },
};

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

const refused = (reason: DecodeRefusal, message: string): { ok: false; reason: DecodeRefusal; message: string } => ({
  ok: false,
  reason,
  message,
});

/**
 * Reads one message. `cluster`, when given, is the one the subject or key names: a message that claims another is refused. Never throws.
 */
export const decodeMessage = <K extends MessageKind>(kind: K, bytes: Uint8Array, cluster?: string): Decoded<MessageOf[K]> => {
  const rule = rules[kind];
  if (bytes.length > rule.bytesMax) return refused('TooLarge', `${kind}: ${bytes.length} bytes, at most ${rule.bytesMax} are allowed`);
  if ('packed' in rule) return decodePacked(bytes, cluster) as Decoded<MessageOf[K]>;
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    return refused('NotJson', `${kind}: not UTF-8 JSON: ${messageOf(error)}`);
  }
  const head = typeof value === 'object' && value !== null ? (value as { v?: unknown; cluster?: unknown }) : {};
  if (typeof head.v === 'number' && head.v !== wireVersion) {
    return refused(
      'UnknownVersion',
      `${kind}: contract version ${head.v}, this side speaks ${wireVersion}; upgrade the older of hub and agent`,
    );
  }
  const fault = rule.check(value, '');
  if (fault !== undefined) return refused('Malformed', `${kind}: ${fault}`);
  if (cluster !== undefined && head.cluster !== cluster)
    return refused('WrongCluster', `${kind}: claims cluster ${String(head.cluster)}, came for ${cluster}`);
  return { ok: true, value: value as MessageOf[K] };
};

const decodePacked = (bytes: Uint8Array, cluster: string | undefined): Decoded<ReportMessage> => {
  const decoded = readReportMessage(bytes);
  if (!decoded.ok || cluster === undefined || decoded.value.cluster === cluster) return decoded;
  return refused('WrongCluster', `report: claims cluster ${decoded.value.cluster}, came for ${cluster}`);
};

/** The first fault of a message that has not been encoded, with its path; undefined when a receiver would take it. */
export const faultOf = <K extends MessageKind>(kind: K, message: MessageOf[K]): string | undefined => {
  const rule = rules[kind];
  if (!('packed' in rule)) return rule.check(message, '');
  const decoded = readReportMessage(bytesOf(kind, message));
  return decoded.ok ? undefined : decoded.message;
};

const bytesOf = <K extends MessageKind>(kind: K, message: MessageOf[K]): Uint8Array =>
  kind === 'report' ? writeReportMessage(message as ReportMessage) : encoder.encode(JSON.stringify(message));

/** Bytes of one message, and whether they are within its limit (`bytesMax`); what does not fit must not be sent. */
export const encodeMessage = <K extends MessageKind>(
  kind: K,
  message: MessageOf[K],
): { bytes: Uint8Array; fits: boolean; bytesMax: number } => {
  const bytes = bytesOf(kind, message);
  return { bytes, fits: bytes.length <= rules[kind].bytesMax, bytesMax: rules[kind].bytesMax };
};
