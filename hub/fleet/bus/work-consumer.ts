/**
 * @module The consumer that one cluster reads its work through. The hub makes it and the agent may only pull from it and set it back to the
 * beginning, which needs nats-server 2.14 (`CONSUMER.RESET`): so an agent reads all its work again while the hub is down.
 */
import type { NatsConnection } from 'nats';
import { kvSubject, workBucket } from '../../../shared/wire/subjects.ts';
import { jetStreamCall } from './streams.ts';

const stream = `KV_${workBucket}`;
/** Pull requests that may wait at once: one of the agent, one of its connection before, and those of connections that were lost. */
const pullsWaitingMax = 64;
/** JetStream's code for "consumer not found". */
const notFound = 10014;

const configOf = (cluster: string): Readonly<Record<string, unknown>> => ({
  durable_name: cluster,
  filter_subject: kvSubject(workBucket, `${cluster}.>`),
  // With one message a subject, all are the newest of each; only this policy can be set back.
  deliver_policy: 'all',
  ack_policy: 'none',
  replay_policy: 'instant',
  max_waiting: pullsWaitingMax,
});

/** Makes the consumer, or leaves the one there is. @throws Error when JetStream refuses or does not answer. */
export const openWorkConsumer = async (connection: NatsConnection, cluster: string): Promise<void> => {
  const create = async (): Promise<string | undefined> => {
    const { error } = await jetStreamCall(connection, `CONSUMER.DURABLE.CREATE.${stream}.${cluster}`, {
      stream_name: stream,
      config: configOf(cluster),
    });
    return error?.description;
  };
  if ((await create()) === undefined) return;
  // One of this name that cannot become this one is made anew: it holds nothing but a place in the stream.
  await closeWorkConsumer(connection, cluster);
  const why = await create();
  if (why !== undefined) throw new Error(`JetStream refused the consumer of cluster ${cluster}: ${why}`);
};

/** Removes the consumer, if there is one. @throws Error when JetStream refuses or does not answer. */
export const closeWorkConsumer = async (connection: NatsConnection, cluster: string): Promise<void> => {
  const { error } = await jetStreamCall(connection, `CONSUMER.DELETE.${stream}.${cluster}`, {});
  if (error !== undefined && error.errorCode !== notFound)
    throw new Error(`JetStream refused to delete the consumer of cluster ${cluster}: ${error.description} (${error.errorCode})`);
};
