/** @module The member cluster of a site: real Kubernetes parts, or a playground member where five of those are too much for the machine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import runtime from '../../../../deploy/local/runtime.json' with { type: 'json' };
import { apiControllers, freePorts, startChild, startMember, waitFor } from '../../../testbed/index.ts';
import type { Blow, SiteOptions } from './words.ts';

/** A member that runs. */
export type SiteMember = {
  readonly kubeconfig: string;
  readonly apiPort: number;
  /** Done to its API server; of a playground member that is the whole of it. */
  readonly strikeApi: (blow: Blow) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** What Deployments need; each controller less is a little of the machine. */
const controllers = [...apiControllers, 'deployment-controller', 'replicaset-controller', 'node-lifecycle-controller'];

const startReal = async ({ site, dataDir }: SiteOptions): Promise<SiteMember> => {
  const member = await startMember({ name: site.name, dataDir, nodes: [{ name: `${site.name}-0` }], controllers, listen: '0.0.0.0' });
  return {
    kubeconfig: member.kubeconfig,
    apiPort: Number(new URL(member.server).port),
    strikeApi: async (blow) => {
      if (blow === 'kill') await member.kill(['kube-apiserver']);
      else if (blow === 'start') await member.startApiServer();
      else if (blow === 'pause') member.pause(['kube-apiserver']);
      else member.resume(['kube-apiserver']);
    },
    stop: member.stop,
  };
};

const startPlayground = async ({ site, dataDir }: SiteOptions): Promise<SiteMember> => {
  const [apiPort = 0] = await freePorts(1);
  const folder = join(dataDir, 'member');
  const kubeconfig = join(folder, 'kubeconfig');
  const program = join(import.meta.dirname, 'playground-site.ts');
  const words = [...runtime.hub.flags, '--disable-warning=ExperimentalWarning', program, site.name, folder, site.address, String(apiPort)];
  const start = () =>
    startChild('member', process.execPath, words, {
      cwd: dataDir,
      env: { ...process.env, ...runtime.hub.env },
      logFile: join(dataDir, 'member.log'),
    });
  let child = await start();
  try {
    // It is written when the API serves.
    await waitFor(`member ${site.name}`, () => readFile(kubeconfig, 'utf8'), { timeoutMs: 90_000 });
  } catch (cause) {
    const told = child.logTail();
    await child.stop();
    throw new Error(`the member did not come up: ${told}`, { cause });
  }
  return {
    kubeconfig,
    apiPort,
    strikeApi: async (blow) => {
      if (blow === 'start') child = await start();
      else if (blow === 'kill') await child.stop(0);
      else child.signal(blow === 'pause' ? 'SIGSTOP' : 'SIGCONT');
    },
    stop: () => child.stop(),
  };
};

/** Starts the one that the site asks for. @throws when it does not come up; nothing of it is left running. */
export const startSiteMember = (options: SiteOptions): Promise<SiteMember> =>
  options.member === 'Real' ? startReal(options) : startPlayground(options);
