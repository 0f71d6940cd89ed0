/** @module The `hanse` command: the hub's, the agent's and the playground's commands under one name. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { joinCommand } from '../../agent/cli.ts';
import { type CliContext, hubCommands, hubPortDefault, portNumber } from '../../hub/cli/index.ts';
import manifest from '../../package.json' with { type: 'json' };
import { messageOf } from '../../shared/lib/message-of.ts';
import { nodeEnv, nodeLog } from '../../shared/node/index.ts';
import { connectHub } from './connect.ts';
import { callControl } from './control.ts';
import { membersMax } from './playground/clouds.ts';
import { type PlaygroundFlags, runPlayground } from './playground/run.ts';
import { endWithReader, exitWhenTold } from './reader-gone.ts';
import { type StartFlags, start } from './start.ts';
import { tour } from './tour.ts';

const memberCount = (text: string): number => {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > membersMax) throw new InvalidArgumentError(`a number from 1 to ${membersMax}`);
  return count;
};

const dataDirOption = (): Option => new Option('--data-dir <folder>', 'where everything is kept').env('HANSE_DATA_DIR').default('.hanse');
const membersOption = (): Option =>
  new Option('--members <count>', 'playground clusters').env('HANSE_MEMBERS').argParser(memberCount).default(3);

const startCommand = (): Command =>
  new Command('start')
    .description('run hub, NATS and playground clusters in the foreground')
    .addOption(dataDirOption())
    .addOption(membersOption())
    .addOption(
      new Option('--port <port>', "port of the hub's API; members take the tenth after it and on")
        .env('HANSE_PORT')
        .argParser(portNumber)
        .default(hubPortDefault),
    )
    .option('--verbose', 'log to the terminal instead of DATA-DIR/hanse.log')
    .action((flags: StartFlags) => start(flags));

const tourCommand = (): Command =>
  new Command('tour')
    .description('tell the whole story by itself, on throw-away data: join, place, burst, lose a cluster, get it back')
    .option('--json', 'print one JSON document at the end')
    .action((flags: { json?: boolean }) => tour({ json: flags.json === true }));

const playgroundCommand = (): Command => {
  const printMembers = (members: readonly { name: string; running: boolean; url: string }[]): void => {
    for (const { name, running, url } of members) process.stdout.write(`${name.padEnd(16)} ${running ? 'running' : 'stopped'}  ${url}\n`);
  };
  const playground = new Command('playground')
    .description('run playground clusters alone, or stop and start those of a running `npm start`')
    .addOption(dataDirOption())
    .addOption(membersOption())
    .addOption(
      new Option('--port <port>', 'port of the first cluster')
        .env('HANSE_PORT')
        .argParser(portNumber)
        .default(hubPortDefault + 10),
    )
    .option('--api-only', 'only the API servers: no nodes, nothing is scheduled or run (for conformance tests)')
    .action((flags: PlaygroundFlags) => runPlayground(flags));
  for (const verb of ['stop', 'start'] as const) {
    playground
      .command(`${verb} <name>`)
      .description(verb === 'stop' ? 'take a cluster away at once, as a power cut would' : 'bring a stopped cluster back')
      .action(async (name: string, _flags: object, command: Command) => {
        printMembers(await callControl(command.optsWithGlobals<StartFlags>().dataDir, 'POST', `/members/${name}/${verb}`));
      });
  }
  playground
    .command('list')
    .description('list the clusters')
    .action(async (_flags: object, command: Command) => {
      printMembers(await callControl(command.optsWithGlobals<StartFlags>().dataDir, 'GET', '/members'));
    });
  return playground;
};

const context: CliContext = {
  connect: (kubeconfig) => connectHub(kubeconfig, nodeEnv(nodeLog({ level: 'warn', format: 'text' }))),
  print: (line) => process.stdout.write(`${line}\n`),
  // https://no-color.org
  isColoured: process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '',
  nowMs: () => Date.now(),
  onInterrupt: (run) => {
    process.once('SIGINT', run);
    return () => process.off('SIGINT', run);
  },
  endWith: (code) => {
    process.exitCode = code;
  },
};

const program = new Command('hanse').description(manifest.description).version(manifest.version).showHelpAfterError('(see --help)');
for (const command of [startCommand(), tourCommand(), ...hubCommands(context), joinCommand(), playgroundCommand()])
  program.addCommand(command);

endWithReader();
try {
  await program.parseAsync();
  exitWhenTold(Number(process.exitCode ?? 0));
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode);
  // A user's mistake or a refusal is a sentence, not a stack.
  process.stderr.write(`error: ${messageOf(error)}\n`);
  process.exit(1);
}
