/** @module `hanse user-token`: bearer tokens of people and programs, made on the hub's own machine; a hub that runs takes them up by itself. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { openTokenBook, type TokenBook, tokenFile } from '../api/index.ts';
import { type CliContext, UsageError } from './context.ts';
import { durationSeconds } from './flags.ts';
import { tableLines } from './table.ts';

type DataFlags = { readonly dataDir: string };
type CreateFlags = DataFlags & { readonly group: readonly string[]; readonly lifetime?: number };

const bookIn = ({ dataDir }: DataFlags, context: CliContext): TokenBook => {
  const folder = resolve(dataDir);
  if (statSync(join(folder, 'pki'), { throwIfNoEntry: false }) === undefined)
    throw new UsageError(`${folder} holds no hub's data: name the folder that the hub was started with by --data-dir`);
  return openTokenBook(join(folder, tokenFile), context.nowMs);
};

const create = (context: CliContext, user: string, flags: CreateFlags): void => {
  const { group, lifetime } = flags;
  const made = bookIn(flags, context).issue({ user, groups: group, ...(lifetime === undefined ? {} : { lifetimeMs: lifetime * 1_000 }) });
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
    .addOption(new Option('--lifetime <duration>', 'how long it holds (default: until it is revoked)').argParser(durationSeconds))
    .action((user: string, flags: CreateFlags) => create(context, user, flags));
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
