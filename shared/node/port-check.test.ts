/** @module Rules of asking for a port. */
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { checkPortFree, checkPortsFree } from './port-check.ts';

test('a port that is taken is named; a free one is free afterwards too', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as { port: number };
  await expect(checkPortFree('127.0.0.1', port)).rejects.toThrow(
    `port ${port} on 127.0.0.1 is taken; choose another with --port, or 0 for a free one`,
  );
  await new Promise((resolve) => holder.close(resolve));
  await checkPortFree('127.0.0.1', port);
  await checkPortFree('127.0.0.1', port);
  await checkPortFree('127.0.0.1', 0);
});

test('an address that is not of this machine is refused with the flag that says it', async () => {
  await expect(checkPortFree('192.0.2.1', 7443)).rejects.toThrow(/^192\.0\.2\.1 is no address of this machine; .*--host/);
});

test('ports beyond the last one are refused with the highest --port that leaves room for all', async () => {
  const needed = [65_530, 65_540, 65_642].map((port) => ({ port, use: 'tests' }));
  await expect(checkPortsFree('127.0.0.1', 65_530, needed)).rejects.toThrow(
    '--port 65530 is too high: ports up to 65642 would be needed, and 65535 is the last; choose one up to 65423, or 0 for free ones',
  );
});
