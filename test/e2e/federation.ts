/** @module The hub and the agents of a story as separate processes, and what a user asks of them. */
import { join } from 'node:path';
import { freePorts, waitFor } from '../testbed/index.ts';
import type { Program } from './program.ts';
import type { Stage } from './stage.ts';

/** A hub that runs, and may be started again on its data and port. */
export type HubProcess = {
  readonly program: Program;
  readonly url: string;
  readonly natsPort: number;
  readonly kubeconfig: string;
  /** kubectl against the hub. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** `hanse …` against the hub. @throws with its output when it fails. */
  readonly hanse: (args: readonly string[]) => Promise<string>;
};

/** What a JSON answer of kubectl holds of an object, as far as stories look at it. */
export type Seen = {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly replicas?: number; readonly clusters?: readonly { readonly name: string; readonly replicas?: number }[] };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly conditions?: readonly Condition[];
  };
};

/** meta/v1 Condition. */
export type Condition = { readonly type: string; readonly status: string; readonly reason: string; readonly message: string };

/** Starts `hanse hub` in `STAGE/hub`; give the port of the one before to start it again where agents and kubeconfigs look for it. */
export const startHub = async (stage: Stage, port?: number): Promise<HubProcess> => {
  const [freePort = 0] = port === undefined ? await freePorts(1) : [port];
  const program = await stage.start('hub', ['hub', '--data-dir', join(stage.dir, 'hub'), '--port', String(freePort)]);
  const [, url = ''] = await program.says(/hub ready at (\S+)/);
  const [, natsPort = ''] = await program.says(/NATS at \S+:(\d+)/);
  const [, kubeconfig = ''] = await program.says(/kubeconfig of the admin: (\S+)/);
  return {
    program,
    url,
    natsPort: Number(natsPort),
    kubeconfig,
    kubectl: (args, input) => stage.kubectl(kubeconfig, args, input),
    hanse: async (args) => {
      const { code, stdout, stderr } = await stage.hanse([...args, '--kubeconfig', kubeconfig]);
      if (code !== 0) throw new Error(`hanse ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
      return stdout;
    },
  };
};

/** Port of an URL. */
export const portOf = (url: string): number => Number(new URL(url).port);

/** Makes a token with `hanse token create` and gives the words of the command it prints, for this cluster and kubeconfig. */
export const joinWords = async (
  hub: HubProcess,
  { name, kubeconfig }: { readonly name: string; readonly kubeconfig: string },
  tokenFlags: readonly string[] = [],
): Promise<string[]> => {
  const printed = await hub.hanse(['token', 'create', ...tokenFlags]);
  const [, command = ''] = printed.replaceAll('\\\n', ' ').match(/hanse (join .*FILE)/) ?? [];
  return command.split(/\s+/).map((word) => (word === 'CLUSTER' ? name : word === 'FILE' ? kubeconfig : word));
};

/** The value that follows `flag` in words of a command replaced, or with `undefined` both left out. */
export const withFlag = (words: readonly string[], flag: string, value: string | undefined): string[] => {
  const at = words.indexOf(flag);
  const rest = at < 0 ? [...words] : words.toSpliced(at, 2);
  return value === undefined ? rest : [...rest, flag, value];
};

/** One object of the API that `kubectl` asks; undefined when there is none. */
export const getObject = async (kubectl: HubProcess['kubectl'], args: readonly string[]): Promise<Seen | undefined> => {
  const text = await kubectl(['get', ...args, '-o', 'json', '--ignore-not-found']);
  return text === '' ? undefined : (JSON.parse(text) as Seen);
};

/** A condition of a Cluster. */
export const clusterCondition = async (hub: HubProcess, name: string, type: string): Promise<Condition | undefined> =>
  (await getObject(hub.kubectl, ['cluster', name]))?.status?.conditions?.find((condition) => condition.type === type);

/** Waits until a condition of a Cluster has this status or this reason. */
export const untilCondition = (hub: HubProcess, name: string, type: string, wanted: string, withinMs = 60_000): Promise<Condition> => {
  let last: Condition | undefined;
  const look = async (): Promise<Condition | undefined> => {
    last = await clusterCondition(hub, name, type);
    return last?.status === wanted || last?.reason === wanted ? last : undefined;
  };
  return waitFor(`condition ${type} ${wanted} of ${name}`, look, { timeoutMs: withinMs, pollMs: 500 }).catch((cause: unknown) => {
    throw new Error(`${name} did not come to ${type} ${wanted}; last seen ${JSON.stringify(last)}`, { cause });
  });
};
