/**
 * @module What one cluster may do on the bus. Each cluster is a NATS account of its own, and this list is all that reaches the hub's account
 * from there: whatever reply subject an agent names, the server maps the answer back into the agent's own account. A permission list alone
 * could not do that: the server checks where a client publishes, not where it wants to be answered.
 */
import { bytesMax } from '../../../shared/wire/limits.ts';
import { inboxPrefix, kvSubject, statusBucket, workBucket } from '../../../shared/wire/subjects.ts';

const workStream = `KV_${workBucket}`;

/** What crosses between the hub's account and a cluster's; `stream` = from the hub, `service` = to the hub, with a way back for answers. */
type Passage = { readonly name: string; readonly subject: string; readonly type: 'service' | 'stream'; readonly answers: 'one' | 'many' };

/**
 * The agent reads its work through the one consumer that the hub made for it: it may pull from it and set it back to the beginning. It may
 * not make consumers, because a consumer's `deliver_subject` would be one in the hub's account.
 */
const passagesOf = (cluster: string): readonly Passage[] => [
  { name: 'up', subject: `hanse.up.${cluster}.>`, type: 'service', answers: 'one' },
  { name: 'status', subject: kvSubject(statusBucket, `${cluster}.*`), type: 'service', answers: 'one' },
  { name: 'work-next', subject: `$JS.API.CONSUMER.MSG.NEXT.${workStream}.${cluster}`, type: 'service', answers: 'many' },
  { name: 'work-reset', subject: `$JS.API.CONSUMER.RESET.${workStream}.${cluster}`, type: 'service', answers: 'one' },
  { name: 'down', subject: `hanse.down.${cluster}.>`, type: 'stream', answers: 'one' },
];

/** What the hub's account offers. Public, because nobody but the operator's key can write an account that imports it. */
export const hubExports = passagesOf('*').map(({ name, subject, type, answers }) => ({
  name,
  subject,
  type,
  ...(answers === 'many' ? { response_type: 'Stream' } : {}),
}));

/** What a cluster's account gets of it. */
export const clusterImports = (cluster: string, hubAccount: string) =>
  passagesOf(cluster).map(({ name, subject, type }) => ({ name, subject, account: hubAccount, type }));

/** Room for headers beside the largest payload. */
const headerBytesMax = 4_096;

/** Limits of a cluster's account: an agent has one connection, two while it renews its credential. */
export const clusterLimits = { conn: 8, subs: 256, payload: bytesMax.reportPacked + headerBytesMax } as const;

/** The same bounds once more as the permissions of the agent's user, so that a wrong subject is refused and said, not swallowed. */
export const agentPermissions = (cluster: string) => ({
  pub: {
    allow: passagesOf(cluster)
      .filter(({ type }) => type === 'service')
      .map(({ subject }) => subject),
  },
  sub: { allow: [`${inboxPrefix(cluster)}.>`, `hanse.down.${cluster}.>`] },
});
