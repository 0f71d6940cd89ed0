/** @module Rules of asking for a port. */
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { checkPortFree } from './port-check.ts';

test('a port that is taken is named; a free one is free afterwards too', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as { port: number };
  await expect(checkPortFree('127.0.0.1', port)).rejects.toThrow(`port ${port} on 127.0.0.1 is taken; choose another or 0 for a free one`);
  await new Promise((resolve) => holder.close(resolve));
  await checkPortFree('127.0.0.1', port);
  await checkPortFree('127.0.0.1', port);
  await checkPortFree('127.0.0.1', 0);
});
