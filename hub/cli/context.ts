/** @module What the commands are given of the world. */
import type { KubeClient } from '../../shared/kube/client/port.ts';

/** A client of the hub, and where it is. */
export type HubConnection = {
  readonly client: KubeClient;
  /** GET of any path as JSON, in this media type. */
  readonly raw: (path: string, accept: string) => Promise<unknown>;
  readonly server: string;
  readonly caPem: string;
  readonly close: () => Promise<void>;
};

/** The world of a command: built once, in the program that parses the words. */
export type CliContext = {
  /** Opens the hub that this kubeconfig names; absent = the first that is where one is looked for. */
  readonly connect: (kubeconfig: string | undefined) => Promise<HubConnection>;
  /** Writes one line to standard output. */
  readonly print: (line: string) => void;
  /** True when standard output is a terminal that wants colours. */
  readonly isColoured?: boolean;
  /** The wall clock. */
  readonly nowMs: () => number;
  /** Calls back at Ctrl-C instead of ending the program, until what it answers is called; absent = nobody can interrupt. */
  readonly onInterrupt?: (run: () => void) => () => void;
  /** Says the exit code of a command that did its work: scripts go by it. */
  readonly endWith: (code: number) => void;
};

/** A user's mistake or a plain refusal: printed as it is, without a stack; exit 1. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Runs `work` with a connection and closes it whatever happens. */
export const withHub = async <T>(
  context: CliContext,
  kubeconfig: string | undefined,
  work: (hub: HubConnection) => Promise<T>,
): Promise<T> => {
  const hub = await context.connect(kubeconfig);
  try {
    return await work(hub);
  } finally {
    await hub.close();
  }
};
