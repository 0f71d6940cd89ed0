/** @module A client of name servers, over UDP and over TCP: what an answer says, a line a record. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import packet from 'dns-packet';

/** How a question travels. */
export type DnsTransport = 'udp' | 'tcp';

/** Longest wait for an answer. */
const answerMsMax = 2_000;

const overUdp = async (port: number, question: Buffer, signal: AbortSignal): Promise<packet.DecodedPacket> => {
  const socket = createSocket('udp4');
  try {
    socket.send(question, port, '127.0.0.1');
    const [reply] = (await once(socket, 'message', { signal })) as [Buffer];
    return packet.decode(reply);
  } finally {
    socket.close();
  }
};

const overTcp = async (port: number, question: Buffer, signal: AbortSignal): Promise<packet.DecodedPacket> => {
  const socket = connect(port, '127.0.0.1');
  try {
    // A length of two bytes goes before each message (RFC 1035 §4.2.2).
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.length);
    socket.write(Buffer.concat([length, question]));
    let read = Buffer.alloc(0);
    while (read.length < 2 || read.length < 2 + read.readUInt16BE(0)) {
      const [chunk] = (await once(socket, 'data', { signal })) as [Buffer];
      read = Buffer.concat([read, chunk]);
    }
    return packet.decode(read.subarray(2));
  } finally {
    socket.destroy();
  }
};

const lineOf = (answer: packet.Answer): string => {
  if (answer.type === 'SRV') return `${answer.data.port} ${answer.data.target}`;
  return answer.type === 'A' || answer.type === 'AAAA' || answer.type === 'NS' ? answer.data : answer.type;
};

/**
 * The answers of a name server on this machine: addresses, names of servers, of SRV port and target.
 *
 * @throws Error when none comes within two seconds, or the server answers with an error code.
 */
export const askNames = async (port: number, name: string, type: packet.RecordType, over: DnsTransport): Promise<readonly string[]> => {
  const question = packet.encode({ type: 'query', id: 1, flags: packet.RECURSION_DESIRED, questions: [{ type, name, class: 'IN' }] });
  const signal = AbortSignal.timeout(answerMsMax);
  const reply = await (over === 'udp' ? overUdp : overTcp)(port, question, signal);
  const { rcode } = reply as packet.DecodedPacket & { readonly rcode: string };
  if (rcode !== 'NOERROR') throw new Error(`${type} ${name}: ${rcode}`);
  return (reply.answers ?? []).map(lineOf);
};
