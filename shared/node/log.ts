/** @module The log of a Node process: lines for people, or JSON lines by pino. */
import { renameSync, statSync } from 'node:fs';
import { pino } from 'pino';
import type { Log, LogFields } from '../lib/env.ts';

/** How much a log says. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** `text` = one line for people, `json` = one JSON document a line, for what collects logs. */
export type LogFormat = 'text' | 'json';

/** In a pod somebody collects logs, elsewhere somebody reads them. */
export const logFormatDefault = (environment: NodeJS.ProcessEnv): LogFormat =>
  environment.KUBERNETES_SERVICE_HOST === undefined ? 'text' : 'json';

export type LogOptions = {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Where the lines go, mode 0600; absent = standard error. Beyond `fileBytesMax` it becomes FILE.1, in the place of the one before. */
  readonly file?: string;
  /** Default: 16 MiB. */
  readonly fileBytesMax?: number;
};

const fileBytesMaxDefault = 16 * 1024 * 1024;

type Level = 'debug' | 'info' | 'warn' | 'error';

/** A log. */
export const nodeLog = (options: LogOptions): Log => {
  const { level, format } = options;
  const destination = openDestination(options);
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: errorValue } }, destination);
  if (format === 'json') return wrap((at, fields, message) => logger[at](fields, message), {});
  return wrap((at, fields, message) => {
    if (logger.isLevelEnabled(at)) destination.write(textLine(new Date(), at, message, fields));
  }, {});
};

type Destination = { readonly write: (line: string) => void };

/** Bytes that are kept while they cannot be written, until they can; later lines are lost. */
const unwrittenBytesMax = 1024 * 1024;

/** A full disk is no reason to end: a log that cannot be written is said once on standard error, and again after it was written. */
const surviving = (destination: ReturnType<typeof pino.destination>, file: string | undefined): void => {
  let isTold = file === undefined;
  destination.on('error', (error: Error) => {
    if (isTold) return;
    isTold = true;
    process.stderr.write(`the log ${file} cannot be written (${error.message}): free space there; the program goes on\n`);
  });
  destination.on('write', () => {
    isTold = file === undefined;
  });
};

const openDestination = ({ file, fileBytesMax = fileBytesMaxDefault }: LogOptions): Destination => {
  const destination = pino.destination({ dest: file ?? 2, mkdir: true, sync: true, mode: 0o600, maxLength: unwrittenBytesMax });
  surviving(destination, file);
  if (file === undefined) return { write: (line) => void destination.write(line) };
  let bytes = statSync(file).size;
  return {
    write: (line) => {
      destination.write(line);
      bytes += Buffer.byteLength(line);
      if (bytes < fileBytesMax) return;
      bytes = 0;
      renameSync(file, `${file}.1`);
      destination.reopen();
    },
  };
};

/** An error with its stack and its causes; texts as they are. */
const errorValue = (value: unknown): unknown => (value instanceof Error ? pino.stdSerializers.errWithCause(value) : value);

const wrap = (write: (level: Level, fields: LogFields, message: string) => void, bound: LogFields): Log => {
  const at =
    (level: Level) =>
    (message: string, fields?: LogFields): void =>
      write(level, { ...bound, ...fields }, message);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(write, { ...bound, ...fields }),
  };
};

/** The log, but for what is below an error once `isMuted`: what stops breaks off its calls, and need not say so. */
export const mutedLog = (log: Log, isMuted: () => boolean): Log => {
  const unless =
    (level: 'debug' | 'info' | 'warn'): Log['info'] =>
    (message, fields) => {
      if (!isMuted()) log[level](message, fields);
    };
  return {
    debug: unless('debug'),
    info: unless('info'),
    warn: unless('warn'),
    error: log.error,
    child: (fields) => mutedLog(log.child(fields), isMuted),
  };
};

/** Causes told in a line; deeper ones are left to the JSON log. */
const causesMax = 5;

/** What went wrong and what caused it, and where when it is our own fault. */
const errorText = (error: Error): string => {
  const words: string[] = [];
  for (let at: unknown = error; at instanceof Error && words.length < causesMax; at = at.cause) words.push(at.message);
  return words.join(': ');
};

const valueText = (value: unknown): string => {
  if (value instanceof Error) return JSON.stringify(errorText(value));
  if (typeof value !== 'string') return JSON.stringify(value) ?? '';
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
};

/** `08:15:02 warn  message  key=value`: UTC to the second, and what says more than the message. */
export const textLine = (at: Date, level: Level, message: string, fields: LogFields): string => {
  const more = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${valueText(value)}`);
  return `${[at.toISOString().slice(11, 19), level.padEnd(5), message, ...(more.length === 0 ? [] : [` ${more.join(' ')}`])].join(' ')}\n`;
};
