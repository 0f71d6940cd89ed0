/** @module A site as its parent has it: a process in the site's namespace that answers questions. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Network } from '../../../testbed/index.ts';
import { type Blow, type SiteAsk, type SiteOpened, type SiteOptions, type SiteState, type Told, urgent } from './words.ts';

/** A site. Every method rejects with the site's words, or when it has ended. */
export type SiteProcess = {
  readonly name: string;
  readonly open: (options: SiteOptions) => Promise<SiteOpened>;
  readonly join: (words: readonly string[]) => Promise<void>;
  readonly agent: (blow: Blow) => Promise<void>;
  readonly api: (blow: Blow) => Promise<void>;
  readonly load: () => Promise<void>;
  readonly state: () => Promise<SiteState>;
  readonly tell: (sinceMs: number) => Promise<Told>;
  readonly close: () => Promise<void>;
};

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

const makeAsk = (name: string, child: ChildProcess) => {
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve(value);
    else one?.reject(new Error(`site ${name}: ${error}`));
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`site ${name} ended with ${code}`));
    waiting.clear();
  });
  return <T>(ask: SiteAsk): Promise<T> =>
    new Promise((resolve, reject) => {
      if (!child.connected) {
        reject(new Error(`site ${name} has ended`));
        return;
      }
      waiting.set(++asked, { resolve: resolve as (value: unknown) => void, reject });
      child.send({ id: asked, ask });
    });
};

/** Starts the program of a site in the namespace of this name. */
export const startSite = (network: Network, name: string): SiteProcess => {
  const [first, ...words] = [...urgent, process.execPath, '--disable-warning=ExperimentalWarning'];
  const [execPath, execArgv] = network.inside(name, first, words);
  const child = fork(join(import.meta.dirname, 'site.ts'), { execPath, execArgv: [...execArgv] });
  const ask = makeAsk(name, child);
  return {
    name,
    open: (options) => ask({ do: 'open', options }),
    join: (words) => ask({ do: 'join', words }),
    agent: (blow) => ask({ do: 'agent', blow }),
    api: (blow) => ask({ do: 'api', blow }),
    load: () => ask({ do: 'load' }),
    state: () => ask({ do: 'state' }),
    tell: (sinceMs) => ask({ do: 'tell', sinceMs }),
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await ask({ do: 'close' }).catch(() => undefined);
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
};
