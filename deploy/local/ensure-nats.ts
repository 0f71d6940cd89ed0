/** @module Gets nats-server before the tests that need it run, and says what it is doing. */
import { ensureNatsServer } from '../../hub/fleet/index.ts';
import { type Log, silentLog } from '../../shared/lib/index.ts';
import { messageOf } from '../../shared/lib/message-of.ts';

const log: Log = {
  ...silentLog,
  info: (message) => process.stderr.write(`${message}\n`),
  warn: (message) => process.stderr.write(`${message}\n`),
};

try {
  const { path, version } = await ensureNatsServer({ log });
  process.stderr.write(`nats-server ${version}: ${path}\n`);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
