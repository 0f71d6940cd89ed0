/** @module Asks the hub to join, over HTTPS; every way to fail is a value. */
import { Pool } from 'undici';
import { joinRequestMsMax } from '../../shared/wire/comeback.ts';
import { decodeMessage } from '../../shared/wire/decode.ts';
import { bytesMax } from '../../shared/wire/limits.ts';
import { type JoinAnswer, type JoinRequest, joinProofText } from '../../shared/wire/messages.ts';
import type { AgentKeys } from './keys.ts';
import { hubTrouble, type Trouble } from './trouble.ts';

/** What a join request says besides what the keys add. */
export type JoinFacts = Pick<JoinRequest, 'token' | 'name' | 'labels' | 'kubernetesVersion' | 'clusterUID' | 'memberAPI' | 'nowMs'>;

export type JoinClientOptions = {
  /** `https://hub.example:6443`. */
  readonly hubUrl: string;
  /** PEM of the hub's CA; absent = the system's roots. */
  readonly hubCa?: string;
};

/** One request. */
export type JoinClient = {
  readonly ask: (facts: JoinFacts, keys: AgentKeys) => Promise<JoinAnswer | Trouble>;
  readonly close: () => Promise<void>;
};

/** A client for one hub. @throws Error when the address is not an https URL. */
export const makeJoinClient = ({ hubUrl, hubCa }: JoinClientOptions): JoinClient => {
  if (!URL.canParse(hubUrl) || new URL(hubUrl).protocol !== 'https:')
    throw new Error(`--hub must be an https URL such as https://hub.example:6443, not ${hubUrl}`);
  const hub = new Pool(new URL(hubUrl).origin, { connect: { ...(hubCa === undefined ? {} : { ca: hubCa }), timeout: joinRequestMsMax } });
  return {
    ask: async (facts, keys) => {
      const unsigned = { v: 1 as const, ...facts, publicKey: keys.publicKey, sealingKey: keys.sealingKey };
      const proof = Buffer.from(keys.sign(Buffer.from(joinProofText(unsigned)))).toString('base64');
      const body = JSON.stringify({ ...unsigned, proof } satisfies JoinRequest);
      try {
        const signal = AbortSignal.timeout(joinRequestMsMax);
        const answer = await hub.request({
          path: '/join/v1',
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
          signal,
        });
        const bytes = await readUpTo(answer.body, 2 * bytesMax.join);
        return readAnswer(answer.statusCode, bytes, hubUrl);
      } catch (error) {
        return hubTrouble(error, hubUrl);
      }
    },
    close: () => hub.close(),
  };
};

const readAnswer = (status: number, bytes: Uint8Array | undefined, hubUrl: string): JoinAnswer | Trouble => {
  const decoded = bytes === undefined ? undefined : decodeMessage('joinAnswer', bytes);
  if (decoded?.ok === true) return decoded.value;
  return {
    trouble: 'HubError',
    message: `${hubUrl} answers HTTP ${status}, but not as a Hanse hub: check the address, and that hub and agent are of near versions`,
  };
};

/** The body, or undefined when it is longer than allowed. */
const readUpTo = async (body: AsyncIterable<Uint8Array>, max: number): Promise<Uint8Array | undefined> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > max) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
