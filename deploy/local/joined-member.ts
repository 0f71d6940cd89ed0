/** @module One playground member with the agent that joins it to a hub. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type StartedAgent, startAgent } from '../../agent/main.ts';
import { createToken, type HubConnection } from '../../hub/cli/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import type { CloudCluster } from './playground/clouds.ts';
import { type PlaygroundMember, startMember } from './playground/member.ts';

/** What {@link startJoinedMember} takes. */
export type JoinedMemberOptions = {
  readonly cluster: CloudCluster;
  /** The member's own folder; the agent's keys are in it too. */
  readonly dataDir: string;
  /** Of the member's API; 0 = any free one. */
  readonly port: number;
  readonly env: RuntimeEnv;
  readonly hub: { readonly server: string; readonly caPem: string };
  /** Where its agent answers names of services; 0 = any free one, absent = nowhere. */
  readonly dnsPort?: number;
  /** Absent = it has joined before and its keys are kept. */
  readonly token: string | undefined;
};

/** A running member. */
export type JoinedMember = {
  readonly member: PlaygroundMember;
  readonly agent: StartedAgent;
  /** Gone at once, as in a power cut: nothing answers, and the process that watched it is gone too. */
  readonly stop: () => Promise<void>;
};

const keyFileIn = (dataDir: string): string => join(dataDir, 'agent.json');

/** Makes the member's next start join anew. */
export const forgetKeys = (dataDir: string): Promise<void> => rm(keyFileIn(dataDir), { force: true });

/** A token that admits this one cluster and gives it the labels of its cloud. */
export const joinToken = async (
  hub: Pick<HubConnection, 'client' | 'server' | 'caPem'>,
  { name, provider, region }: CloudCluster,
): Promise<string> => {
  const labels = { 'hanse.dev/provider': provider, 'topology.kubernetes.io/region': region };
  return (await createToken(hub, { autoApprove: [name], labels })).token;
};

/** Starts both; the agent joins on its own time. @throws Error when the member's port is taken or its folder cannot be used. */
export const startJoinedMember = async (options: JoinedMemberOptions): Promise<JoinedMember> => {
  const { cluster, dataDir, port, dnsPort, env, hub, token } = options;
  const member = await startMember({ cluster, dataDir, port, env });
  const agent = await startAgent({
    cluster: cluster.name,
    hubUrl: hub.server,
    hubCa: hub.caPem,
    kubeconfig: member.kubeconfig,
    keyFile: keyFileIn(dataDir),
    // Agents of one machine find each other's death without the broker too.
    mesh: { host: '127.0.0.1', port: 0 },
    ...(dnsPort === undefined ? {} : { dns: { host: '127.0.0.1', port: dnsPort } }),
    log: env.log.child({ agent: cluster.name }),
    ...(token === undefined ? {} : { token }),
  });
  return {
    member,
    agent,
    stop: async () => {
      await Promise.all([member.stop(), agent.stop()]);
    },
  };
};
