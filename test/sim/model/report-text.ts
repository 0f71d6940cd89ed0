/** @module Capacity reports on the model of the broker, which carries texts: the real bytes, in base64. */
import { decodeMessage, encodeMessage, type ReportMessage } from '../../../shared/wire/index.ts';

/** The message as the broker carries it. @throws Error when the wire would not take it. */
export const textOfReport = (message: ReportMessage): string => {
  const { bytes, fits } = encodeMessage('report', message);
  if (!fits) throw new Error('a report of the simulation is too large');
  return Buffer.from(bytes).toString('base64');
};

/** The message that a text holds. @throws Error when the wire refuses it. */
export const reportOfText = (text: string, cluster: string): ReportMessage => {
  const decoded = decodeMessage('report', Buffer.from(text, 'base64'), cluster);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.value;
};
