/** @module `hanse user-token`: bearer tokens of people and programs, made on the hub's own machine; a hub that runs takes them up by itself. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { openTokenBook, type TokenBook, tokenFile } from '../api/index.ts';
import { type CliContext, UsageError } from './context.ts';
import { durationSeconds } from './flags.ts';
import { tableLines } from './table.ts';

type DataFlags = { readonly dataDir: string };
type CreateFlags = DataFlags & { readonly group: readonly string[]; readonly ttl?: number };

const bookIn = ({ dataDir }: DataFlags, context: Pick<CliContext, 'nowMs'>): TokenBook => {
  const folder = resolve(dataDir);
  if (statSync(join(folder, 'pki'), { throwIfNoEntry: false }) === undefined)
    throw new UsageError(`${folder} holds no hub's data: name the folder that the hub was started with by --data-dir`);
  return openTokenBook(join(folder, tokenFile), context.nowMs);
};

/** A token that is to hold for longer is one that holds until it is revoked: that is said by leaving `--ttl` away. */
const ttlSecondsMax = 366 * 86_400;

const nameLengthMax = 253;
const systemPrefix = 'system:';

/** What is wrong with the name of a user or group; RBAC takes any text, but names that begin with `system:` speak for Kubernetes itself. */
const nameFault = (what: 'user' | 'group', name: string): string | undefined => {
  const told = `${what} ${JSON.stringify(name)}`;
  if (name === '') return `the name of a ${what} is empty`;
  if (name.length > nameLengthMax) return `the name of a ${what} has ${name.length} characters; ${nameLengthMax} are the most`;
  if (/[\s\p{C}]/u.test(name)) return `${told}: a name has no blanks and no control characters`;
  if (!name.startsWith(systemPrefix)) return undefined;
  const mend =
    what === 'user'
      ? 'for a ServiceAccount use kubectl create token, for people a name of their own'
      : 'use a group of your own, and give it rights with kubectl create clusterrolebinding NAME --clusterrole cluster-admin --group GROUP';
  return `${told}: names that begin with ${systemPrefix} are those of Kubernetes itself; ${mend}`;
};

const ttlFault = (seconds: number): string | undefined => {
  if (seconds < 1) return '--ttl: a token holds for a second at least';
  if (seconds > ttlSecondsMax) return `--ttl: ${ttlSecondsMax / 86_400}d are the most; without --ttl it holds until it is revoked`;
  return undefined;
};

/** Makes a token and prints it. @throws UsageError when a name or the time is not one that a token may have. */
export const createUserToken = (context: Pick<CliContext, 'print' | 'nowMs'>, user: string, flags: CreateFlags): void => {
  const { group, ttl } = flags;
  const faults = [nameFault('user', user), ...group.map((name) => nameFault('group', name)), ttl === undefined ? undefined : ttlFault(ttl)];
  const fault = faults.find((text) => text !== undefined);
  if (fault !== undefined) throw new UsageError(fault);
  const made = bookIn(flags, context).issue({ user, groups: group, ...(ttl === undefined ? {} : { lifetimeMs: ttl * 1_000 }) });
  context.print(made.token);
};

const list = (context: CliContext, flags: DataFlags): void => {
  const rows = bookIn(flags, context)
    .list()
    .map(({ id, user, groups, expires }) => [id, user, groups.join(','), expires ?? 'never']);
  for (const line of tableLines(['ID', 'USER', 'GROUPS', 'EXPIRES'], rows)) context.print(line);
};

const revoke = (context: CliContext, ids: readonly string[], flags: DataFlags): void => {
  const book = bookIn(flags, context);
  for (const id of ids) {
    if (!book.revoke(id)) throw new UsageError(`there is no token ${id}: see hanse user-token list`);
    context.print(`token ${id} revoked`);
  }
};

const repeated = (text: string, before: readonly string[]): string[] => [...before, text];

/** The `user-token` command. */
export const userTokenCommand = (context: CliContext): Command => {
  const dataDir = (): Option => new Option('--data-dir <folder>', "the hub's data").env('HANSE_DATA_DIR').default('.hanse/hub');
  const command = new Command('user-token').description('make, list and revoke bearer tokens for kubectl; run it where the hub runs');
  command
    .command('create <user>')
    .description('print a token that speaks for a user; what it may do, RoleBindings say')
    .addOption(dataDir())
    .addOption(new Option('--group <name>', 'group of the user; may be repeated').argParser(repeated).default([], 'none'))
    .addOption(new Option('--ttl <duration>', 'how long it holds, 366d at most (default: until it is revoked)').argParser(durationSeconds))
    .action((user: string, flags: CreateFlags) => createUserToken(context, user, flags));
  command
    .command('list')
    .description('list the tokens; only their hashes are kept')
    .addOption(dataDir())
    .action((flags: DataFlags) => list(context, flags));
  command
    .command('revoke <ids...>')
    .description('end tokens at once')
    .addOption(dataDir())
    .action((ids: string[], flags: DataFlags) => revoke(context, ids, flags));
  return command;
};
