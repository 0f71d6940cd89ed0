/** @module From a datagram to its question and from an answer to its bytes (RFC 1035, EDNS0 by RFC 6891). */
import packet, { type Answer, type DecodedPacket, type OptAnswer, type RecordType } from 'dns-packet';
import { answerQuestion, type CompiledZone, type DnsRecord, zoneFor } from '../../shared/traffic/dns/index.ts';
import { readQuestion, withQuestion } from './question.ts';

/** How the bytes travel: a datagram has a length that the client can take, a stream has none. */
export type Transport = 'udp' | 'tcp';

/** What every client takes without EDNS0. */
const datagramMin = 512;

/** No path fragments this much (DNS flag day 2020). */
const datagramMax = 1232;

const headerLength = 12;
const responseBit = 0x8000;
const opcodeMask = 0x7800;
const badVersion = 16;
const codes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
type Code = keyof typeof codes;

/** Why a message got no answer, or which code it was answered with. */
export type Outcome = Code | 'BADVERS' | 'dropped';

/** The bytes to send back; undefined = the message is better left without an answer. */
export type Reply = { readonly bytes: Buffer | undefined; readonly outcome: Outcome };

const toAnswer = (record: DnsRecord): Answer => {
  const { name, ttlSeconds: ttl } = record;
  return { type: record.type, name, ttl, class: 'IN', data: record.data } as Answer;
};

const optOf = (query: DecodedPacket): OptAnswer | undefined =>
  query.additionals?.find((record): record is OptAnswer => record.type === 'OPT');

/** Header and question of the query alone, with a code: works for queries that cannot be read further. */
const headerOnly = (query: Buffer, code: Code): Buffer => {
  const bytes = Buffer.alloc(headerLength);
  query.copy(bytes, 0, 0, 2);
  const flags = query.readUInt16BE(2);
  bytes.writeUInt16BE(responseBit | (flags & (opcodeMask | packet.RECURSION_DESIRED)) | codes[code], 2);
  return bytes;
};

const tryDecode = (query: Buffer): DecodedPacket | undefined => {
  try {
    return packet.decode(query);
  } catch {
    return undefined;
  }
};

type Parts = { readonly answers: Answer[]; readonly authorities: Answer[]; readonly additionals: Answer[] };
const nothing: Parts = { answers: [], authorities: [], additionals: [] };

/**
 * The reply to a message. Answers of ours are dropped (two servers must not talk for ever), what cannot be read is FORMERR, another
 * operation NOTIMP, another EDNS version BADVERS. An answer too long for a datagram loses its additional records, then is cut and says so.
 */
export const replyTo = (zones: readonly CompiledZone[] | undefined, query: Buffer, transport: Transport, random: () => number): Reply => {
  if (query.length < headerLength || (query.readUInt16BE(2) & responseBit) !== 0) return { bytes: undefined, outcome: 'dropped' };
  const refuse = (code: Code): Reply => ({ bytes: headerOnly(query, code), outcome: code });
  if ((query.readUInt16BE(2) & opcodeMask) !== 0) return refuse('NOTIMP');
  const decoded = tryDecode(query);
  const [asked, ...others] = decoded?.questions ?? [];
  const question = readQuestion(query);
  if (decoded === undefined || asked === undefined || question === undefined || others.length > 0) return refuse('FORMERR');
  const opt = optOf(decoded);
  const limit = transport === 'tcp' ? 65_535 : Math.min(datagramMax, Math.max(datagramMin, opt?.udpPayloadSize ?? datagramMin));
  const encode = (code: Code, flags: number, parts: Parts, extended = 0): Buffer => {
    const echoed: Answer[] =
      opt === undefined
        ? []
        : [
            {
              type: 'OPT',
              name: '.',
              udpPayloadSize: datagramMax,
              extendedRcode: extended,
              ednsVersion: 0,
              flags: 0,
              options: [],
            } as never,
          ];
    const unasked = packet.encode({
      type: 'response',
      id: decoded.id ?? 0,
      flags: flags | ((decoded.flags ?? 0) & packet.RECURSION_DESIRED) | codes[code],
      answers: parts.answers,
      authorities: parts.authorities,
      additionals: [...parts.additionals, ...echoed],
    });
    return withQuestion(unasked, question);
  };
  if (opt !== undefined && opt.ednsVersion !== 0) return { bytes: encode('NOERROR', 0, nothing, badVersion >> 4), outcome: 'BADVERS' };
  if (zones === undefined) return { bytes: encode('SERVFAIL', 0, nothing), outcome: 'SERVFAIL' };
  const zone = zoneFor(zones, question.name);
  if (zone === undefined) return { bytes: encode('REFUSED', 0, nothing), outcome: 'REFUSED' };

  const { type, class: ofClass = 'IN' } = asked;
  const answer = answerQuestion(zone, { name: question.name, type: type as RecordType, class: ofClass }, random);
  const flags = answer.authoritative ? packet.AUTHORITATIVE_ANSWER : 0;
  const parts = {
    answers: answer.answers.map(toAnswer),
    authorities: answer.authorities.map(toAnswer),
    additionals: answer.additionals.map(toAnswer),
  };
  const { code } = answer;
  const full = encode(code, flags, parts);
  if (full.length <= limit) return { bytes: full, outcome: code };
  const lean = encode(code, flags, { ...parts, additionals: [] });
  if (lean.length <= limit) return { bytes: lean, outcome: code };
  return { bytes: encode(code, flags | packet.TRUNCATED_RESPONSE, nothing), outcome: code };
};
