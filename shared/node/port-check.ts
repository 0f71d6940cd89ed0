/** @module Whether a port can be listened on, asked before anything is made that would have to be taken back. */
import { createServer } from 'node:net';

/** Why nothing can listen there, what the port is for, and the flag that mends it; anything else is what was thrown. */
export const listenFault = (host: string, port: number, cause: unknown, use = ''): unknown => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  switch (code) {
    case 'EADDRINUSE':
      return new Error(
        `port ${port} on ${host}${use === '' ? '' : `, for ${use},`} is taken; choose another with --port, or 0 for a free one`,
        { cause },
      );
    case 'EACCES':
      return new Error(`port ${port} on ${host} may not be used by this user; choose one from 1024 on with --port`, { cause });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Error(
        `${host} is no address of this machine; choose one of its own with --host (0.0.0.0 = all of them), and name what others reach it by with --advertise`,
        { cause },
      );
    default:
      return cause;
  }
};

/**
 * Resolves when `port` on `host` is free now; 0 always is.
 * @throws Error that names the port, when it is taken or may not be listened on.
 */
export const checkPortFree = async (host: string, port: number, use = ''): Promise<void> => {
  if (port === 0) return;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    throw listenFault(host, port, cause, use);
  }
  await new Promise((resolve) => server.close(resolve));
};

/** A port that a command listens on, and for what: `the name server of idc-berlin`. */
export type NeededPort = { readonly port: number; readonly use: string };

/** The highest port there is. */
export const portMax = 65_535;

/**
 * Resolves when every port that a command needs is free; none of them may be 0.
 * @throws Error that names `--port` and the highest value it may have when the ports would pass the last one, or the first port that is taken.
 */
export const checkPortsFree = async (host: string, port: number, needed: readonly NeededPort[]): Promise<void> => {
  const last = Math.max(port, ...needed.map((one) => one.port));
  if (last > portMax) {
    const highest = portMax - (last - port);
    throw new Error(
      `--port ${port} is too high: ports up to ${last} would be needed, and ${portMax} is the last; choose one up to ${highest}, or 0 for free ones`,
    );
  }
  for (const one of needed) await checkPortFree(host, one.port, one.use);
};
