/** @module The hub-agent contract: subjects, messages, limits, decoding, what signatures cover. */
export { type Decoded, type DecodeRefusal, decodeMessage, encodeMessage, faultOf, type MessageKind, type MessageOf } from './decode.ts';
export { type KeyedQueue, makeKeyedQueue, type QueueOutcome } from './keyed-queue.ts';
export { bytesMax, clockSkewMsMax, joinLabelsMax, jsonDepthMax, kindsWantedMax, statusFieldBytesMax, workItemsMax } from './limits.ts';
export * from './messages.ts';
export { decodePublicKey, decodeSeed, encodePublicKey, encodeSeed, type NkeyRole } from './nkey.ts';
export { type BusRefusal, makeRefusals, type Refusals } from './refusals.ts';
export { itemKey, mustSeal, sealingBinding, sealingContext, signatureHeader, signedBytes } from './signature.ts';
export { downSubject, inboxPrefix, kvSubject, statusBucket, upSubject, workBucket } from './subjects.ts';
export * from './traffic.ts';
