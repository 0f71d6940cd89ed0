/** @module Whether a port can be listened on, asked before anything is made that would have to be taken back. */
import { createServer } from 'node:net';

/**
 * Resolves when `port` on `host` is free now; 0 always is.
 * @throws Error that names the port, when it is taken or may not be listened on.
 */
export const checkPortFree = async (host: string, port: number): Promise<void> => {
  if (port === 0) return;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'EADDRINUSE') throw new Error(`port ${port} on ${host} is taken; choose another or 0 for a free one`, { cause });
    if (code === 'EACCES') throw new Error(`port ${port} on ${host} may not be used by this user; choose one from 1024 on`, { cause });
    throw cause;
  }
  await new Promise((resolve) => server.close(resolve));
};
