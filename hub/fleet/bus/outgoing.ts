/** @module One work item made ready for the broker: sealed, checked, encoded, signed; and its writing. */
import { headers, type NatsConnection } from 'nats';
import { encodeMessage, faultOf } from '../../../shared/wire/decode.ts';
import type { WorkItem } from '../../../shared/wire/messages.ts';
import { itemKey, mustSeal, signatureHeader, signedBytes } from '../../../shared/wire/signature.ts';
import type { SigningKey } from '../identity/keys.ts';
import type { PublishOutcome } from '../port.ts';
import { sealObject } from './seal.ts';

const writeTimeoutMs = 5_000;

/** A record as it will lie in the bucket. */
export type Outgoing = { readonly item: WorkItem; readonly bytes: Uint8Array; readonly signature: string };

type Refused = Extract<PublishOutcome, { ok: false }>;

/** The record of an item, or why it cannot be sent. */
export const prepareWork = (item: WorkItem, key: SigningKey, sealingKeyOf: (cluster: string) => string | undefined): Outgoing | Refused => {
  const ready = seal(item, sealingKeyOf);
  if (ready === undefined) {
    return refused('NotSealable', `cluster ${item.cluster} has no sealing key yet: its agent must join before Secrets can be sent`);
  }
  const fault = faultOf('work', ready);
  if (fault !== undefined) return refused('Invalid', fault);
  const { bytes, fits, bytesMax } = encodeMessage('work', ready);
  if (!fits) {
    const { kind, namespace, name } = item.ref;
    return refused(
      'TooLarge',
      `${kind} ${namespace}/${name} is ${bytes.length} bytes for the bus, at most ${bytesMax} are possible: make it smaller`,
    );
  }
  const signature = Buffer.from(key.sign(signedBytes(itemKey(item.cluster, item.id), bytes))).toString('base64');
  return { item, bytes, signature };
};

const refused = (reason: Refused['reason'], message: string): Refused => ({ ok: false, reason, message });

/** The item as it travels; undefined when it must be sealed and cannot. */
const seal = (item: WorkItem, sealingKeyOf: (cluster: string) => string | undefined): WorkItem | undefined => {
  if (item.object === undefined || !mustSeal(item.ref)) return item;
  const key = sealingKeyOf(item.cluster);
  if (key === undefined) return undefined;
  const { object, ...rest } = item;
  return { ...rest, sealed: sealObject(object, item, key) };
};

/** Writes one record; answers its stream sequence. @throws Error to be tried again. */
export const writeRecord = async (connection: NatsConnection, subject: string, out: Outgoing): Promise<number> => {
  const head = headers();
  head.set(signatureHeader, out.signature);
  const jetstream = connection.jetstream({ timeout: writeTimeoutMs });
  return (await jetstream.publish(subject, out.bytes, { headers: head, timeout: writeTimeoutMs })).seq;
};
