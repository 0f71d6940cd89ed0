/**
 * @module What one cluster may do on the bus: the template of the scoped signing key. `{{name()}}` is the cluster, which is one subject
 * token, so no pattern here reaches another cluster.
 */
import { inboxPrefix, kvSubject, statusBucket, workBucket } from '../../../shared/wire/subjects.ts';

const me = '{{name()}}';
const workStream = `KV_${workBucket}`;
const myWork = kvSubject(workBucket, `${me}.>`);

/**
 * The agent reads its work through one consumer that bears the cluster's name: the server's consumer API can be limited by consumer name
 * and filter, so nobody can touch another's. Not granted, because it cannot be limited by key: STREAM.MSG.GET, STREAM.INFO, CONSUMER.NAMES.
 */
export const agentPermissions = {
  pub: {
    allow: [
      `hanse.up.${me}.>`,
      kvSubject(statusBucket, `${me}.*`),
      `$JS.API.CONSUMER.CREATE.${workStream}.${me}.${myWork}`,
      `$JS.API.CONSUMER.DELETE.${workStream}.${me}`,
      `$JS.API.CONSUMER.MSG.NEXT.${workStream}.${me}`,
      `$JS.API.DIRECT.GET.${workStream}.${myWork}`,
    ],
  },
  sub: { allow: [`${inboxPrefix(me)}.>`, `hanse.down.${me}.>`] },
  subs: 64,
  data: -1,
  payload: 4_194_304 + 4_096,
  allowed_connection_types: ['STANDARD', 'WEBSOCKET'],
} as const;
