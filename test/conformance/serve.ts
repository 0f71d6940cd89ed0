/** @module Runs the conformance server in the foreground: `serve.ts --kubeconfig FILE [--port N]`; ends on SIGINT or SIGTERM. */
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { startConformanceServer } from './conformance-server.ts';

const { values } = parseArgs({ options: { kubeconfig: { type: 'string' }, port: { type: 'string' } } });
const logger = pino({ level: 'warn' }, pino.destination(2));
const log = {
  debug: (message: string, fields = {}) => logger.debug(fields, message),
  info: (message: string, fields = {}) => logger.info(fields, message),
  warn: (message: string, fields = {}) => logger.warn(fields, message),
  error: (message: string, fields = {}) => logger.error(fields, message),
  child: () => log,
};
const server = await startConformanceServer({
  log,
  ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
  ...(values.port === undefined ? {} : { port: Number(values.port) }),
});
process.stdout.write(`${server.url}\nKUBECONFIG=${server.kubeconfig}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close().then(() => process.exit(0)));
