/** @module Free loopback ports, chosen so that neither an outgoing connection nor another call of ours takes them in between. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which Linux (32768+) and macOS (49152+) take the ports of outgoing connections.
const portMin = 20_000;
const portMax = 32_000;
const attemptsMax = 200;
const given = new Set<number>();

const isFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });

/**
 * Gives `count` ports of 127.0.0.1 that nobody listens on and that this process has not given before.
 * @throws when 200 random tries find too few.
 */
export const freePorts = async (count: number): Promise<number[]> => {
  const found: number[] = [];
  for (let attempt = 0; attempt < attemptsMax && found.length < count; attempt++) {
    const port = randomInt(portMin, portMax);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) found.push(port);
  }
  if (found.length < count) throw new Error(`no ${count} free ports between ${portMin} and ${portMax} on 127.0.0.1`);
  return found;
};
