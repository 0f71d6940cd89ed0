/**
 * @module A playground member with its agent in a process of their own, as on a machine of their own; it also hears when its agent calls
 * its API. Run as a program, it speaks with its parent over Node's IPC channel.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { startJoinedMember } from '../../../deploy/local/joined-member.ts';
import type { CloudCluster } from '../../../deploy/local/playground/clouds.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import { messageOf } from '../../../shared/lib/message-of.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import { listenToAgents, type MemberCalls } from './apply-stages.ts';

/** What is started. */
export type MemberProcessOptions = {
  readonly cluster: CloudCluster;
  readonly dataDir: string;
  readonly hub: { readonly server: string; readonly caPem: string };
  readonly token: string;
};

/** What became of one Deployment in the member, and the CPU time of the process since it was begun. */
export type MemberTurn = { readonly calls: MemberCalls | undefined; readonly cpuMs: number };

/** A running member. */
export type MemberProcess = {
  /** Forgets all and listens for this Deployment. */
  readonly begin: (name: string) => Promise<void>;
  readonly turn: () => Promise<MemberTurn>;
  readonly stop: () => Promise<void>;
};

type Ask = { readonly start: MemberProcessOptions } | { readonly begin: string } | 'turn' | 'stop';

/** One question at a time; rejects when the process ends before it answers. */
const ask = <T>(child: ChildProcess, message: Ask): Promise<T> =>
  new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('a member ended'));
    child.once('exit', onExit);
    child.once('message', (answer: { readonly value?: T; readonly error?: string }) => {
      child.off('exit', onExit);
      if (answer.error === undefined) resolve(answer.value as T);
      else reject(new Error(answer.error));
    });
    child.send(message);
  });

/** Starts it; resolves when its API serves and its agent is on its way to the hub. */
export const startMemberProcess = async (options: MemberProcessOptions): Promise<MemberProcess> => {
  const child = fork(import.meta.filename, { execArgv: ['--disable-warning=ExperimentalWarning'] });
  await ask(child, { start: options });
  return {
    begin: (name) => ask(child, { begin: name }),
    turn: () => ask<MemberTurn>(child, 'turn'),
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await ask(child, 'stop').catch(() => undefined);
      child.disconnect();
      await ended;
    },
  };
};

const cpuMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
};

const serve = (): void => {
  const agents = listenToAgents();
  let begun = process.cpuUsage();
  let stop: () => Promise<void> = async () => undefined;
  const answer = async (message: Ask): Promise<unknown> => {
    if (message === 'turn') return { calls: agents.calls()[0], cpuMs: cpuMs(begun) } satisfies MemberTurn;
    if (message === 'stop') {
      agents.close();
      return stop();
    }
    if ('begin' in message) {
      agents.begin(message.begin);
      begun = process.cpuUsage();
      return undefined;
    }
    ({ stop } = await startJoinedMember({ ...message.start, port: 0, env: nodeEnv(silentLog) }));
    return undefined;
  };
  process.on('message', (message: Ask) => {
    answer(message).then(
      (value) => process.send?.({ value }),
      (error: unknown) => process.send?.({ error: messageOf(error) }),
    );
  });
};

if (import.meta.main) serve();
