/** @module Makes each JoinToken usable: takes over the hash its creator sent, or makes a secret and puts the token into a Secret. */
import type { JoinToken } from '../../../shared/api/join-token.ts';
import { joinTokens } from '../../../shared/api/join-token.ts';
import { hanseApiVersion } from '../../../shared/api/kind.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { change, createOnce, namespaces, secrets } from './objects.ts';
import { hashSecret, type JoinWords, joinCommand, makeTokenSecret, parseToken, tokenText } from './token.ts';

/** Namespace of the hub's own Secrets; who may read Secrets here may let agents join. */
export const systemNamespace = 'hanse-system';

/** Name of the Secret of a token. */
export const tokenSecretName = (token: string): string => `join-token-${token}`;

/** A token is removed this long after it expired, with its Secret: until then an agent that is late is told what happened. */
export const expiredTokenKeptMs = 24 * 3_600_000;
/** Expired tokens are looked for this often. */
export const tokenSweepMs = 10 * 60_000;

export type TokenLoopOptions = {
  readonly env: RuntimeEnv;
  readonly client: KubeClient;
  /** Where agents ask to join, known once the hub listens. */
  readonly door: Promise<Omit<JoinWords, 'token'>>;
};

/** Reconciles one JoinToken; rejects to be called again. */
export const makeTokenLoop =
  ({ env, client, door }: TokenLoopOptions) =>
  async (name: string, object: KubeObject | undefined): Promise<void> => {
    const token = object as JoinToken | undefined;
    if (token === undefined || token.metadata.deletionTimestamp !== undefined) return;
    if (Date.parse(token.spec.expiresAt ?? '') + expiredTokenKeptMs <= env.nowMs()) {
      await client.delete({ ...joinTokens, name });
      env.log.info('removed a join token that expired long ago', { token: name, expiredAt: token.spec.expiresAt });
      return;
    }
    if (token.status?.secretHash !== undefined) return;
    const words = await door;
    const made = token.spec.secretHash === undefined ? await makeSecret(client, token, words) : { secretHash: token.spec.secretHash };
    const status = { ...made, ...words };
    await change<JoinToken>(
      client,
      joinTokens,
      name,
      (current) => (current.metadata.uid === token.metadata.uid ? { ...current, status: { ...current.status, ...status } } : undefined),
      'status',
    );
    env.log.info('a join token can be used', { token: name });
  };

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Makes the Secret, or takes the one that an attempt before this one left. */
const makeSecret = async (
  client: KubeClient,
  token: JoinToken,
  door: Omit<JoinWords, 'token'>,
): Promise<NonNullable<JoinToken['status']>> => {
  const { name, uid = '' } = token.metadata;
  const secretRef = { namespace: systemNamespace, name: tokenSecretName(name) };
  const { secret } = makeTokenSecret();
  const text = tokenText(name, secret);
  await createOnce(client, namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: systemNamespace } });
  const isNew = await createOnce(client, secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...secretRef, ownerReferences: [{ apiVersion: hanseApiVersion, kind: 'JoinToken', name, uid, controller: true }] },
    type: 'Opaque',
    data: { token: base64(text), command: base64(`${joinCommand({ ...door, token: text }).join('\n')}\n`) },
  });
  if (isNew) return { secretHash: hashSecret(secret), secretRef };
  const kept = await client.get({ ...secrets, ...secretRef });
  const isOurs = kept?.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
  const data = (kept?.data ?? {}) as { token?: string };
  const parsed = parseToken(Buffer.from(data.token ?? '', 'base64').toString());
  if (!isOurs || parsed === undefined)
    throw new Error(`Secret ${systemNamespace}/${secretRef.name} exists and is not of this JoinToken: delete it`);
  return { secretHash: hashSecret(parsed.secret), secretRef };
};
