/**
 * @module One site of the fault laboratory, a program that runs in a network namespace of its own: a member cluster, the program that its
 * service leads to, its agent, clients, and eyes on what the cluster says. Speaks with its parent over Node's IPC channel.
 */
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import runtime from '../../../../deploy/local/runtime.json' with { type: 'json' };
import { messageOf } from '../../../../shared/lib/message-of.ts';
import { type Child, startChild } from '../../../testbed/index.ts';
import { type AgentLog, followAgentLog } from './agent-log.ts';
import { type Eyes, openEyes } from './eyes.ts';
import { type Load, startLoad } from './load.ts';
import { type SiteMember, startSiteMember } from './site-member.ts';
import { createSiteObjects } from './site-objects.ts';
import { type Blow, ports, type SiteAsk, type SiteOpened, type SiteOptions, type SiteState, type Told } from './words.ts';

const hanse = resolve(import.meta.dirname, '..', '..', '..', '..', 'deploy', 'local', 'hanse.ts');

/** What a site is, once it is open. */
type Site = {
  readonly options: SiteOptions;
  readonly member: SiteMember;
  readonly eyes: Eyes;
  readonly log: AgentLog;
  readonly close: () => Promise<void>;
};
/** The program behind the service; what does not exist is not answered with yes. */
const startBackend = ({ site }: SiteOptions): Promise<() => void> =>
  new Promise((ready, fail) => {
    const server = createServer(({ url }, response) => {
      response.writeHead(url === '/' ? 200 : 404).end(url === '/' ? site.name : '');
    });
    server.once('error', fail);
    server.listen(ports.backend, site.address, () =>
      ready(() => {
        server.close();
        server.closeAllConnections();
      }),
    );
  });

const open = async (options: SiteOptions): Promise<Site> => {
  const { dataDir } = options;
  const member = await startSiteMember(options);
  await createSiteObjects(member.kubeconfig, options);
  const closeBackend = await startBackend(options);
  const eyes = await openEyes(member.kubeconfig);
  // Its first line comes with the agent.
  const none = await startChild('log', 'true', [], { cwd: dataDir, logFile: logFileOf(options) });
  await none.stop();
  const log = await followAgentLog(logFileOf(options));
  return {
    options,
    member,
    eyes,
    log,
    close: async () => {
      await log.stop();
      await eyes.close();
      closeBackend();
      await member.stop();
    },
  };
};

const logFileOf = ({ dataDir }: SiteOptions): string => join(dataDir, 'agent.log');

const startAgent = ({ options }: Site, words: readonly string[]): Promise<Child> => {
  const { flags, env } = runtime.agent;
  return startChild('agent', process.execPath, ['--disable-warning=ExperimentalWarning', ...flags, hanse, ...words], {
    cwd: options.dataDir,
    env: { ...process.env, ...env },
    logFile: logFileOf(options),
  });
};

/** Serves the parent's questions. */
const serve = (): void => {
  let site: Site | undefined;
  let words: readonly string[] = [];
  let agent: Child | undefined;
  let load: Load | undefined;

  const strikeAgent = async (at: Site, blow: Blow): Promise<void> => {
    if (blow === 'start') {
      at.log.restart();
      agent = await startAgent(at, words);
    } else if (blow === 'kill') await agent?.stop(0);
    else agent?.signal(blow === 'pause' ? 'SIGSTOP' : 'SIGCONT');
  };
  const stateOf = ({ log, eyes }: Site): SiteState => ({
    standing: log.standing(),
    abstains: log.abstains(),
    sources: eyes.sources(),
    ready: eyes.ready(),
  });
  const told = ({ log, eyes }: Site, sinceMs: number): Told => ({
    verdicts: log.verdictsSince(sinceMs),
    abstentions: log.abstentionsSince(sinceMs),
    slices: eyes.slices(sinceMs),
    ready: eyes.readies(sinceMs),
    requests: load?.since(sinceMs) ?? [],
  });
  const answer = async (asked: SiteAsk): Promise<unknown> => {
    if (asked.do === 'open') {
      site = await open(asked.options);
      const { kubeconfig, apiPort } = site.member;
      const opened: SiteOpened = { kubeconfig, apiPort };
      return opened;
    }
    const at = site;
    if (at === undefined) throw new Error('the site is not open');
    switch (asked.do) {
      case 'join':
        words = asked.words;
        return strikeAgent(at, 'start');
      case 'agent':
        return strikeAgent(at, asked.blow);
      case 'api':
        return at.member.strikeApi(asked.blow);
      case 'load':
        load ??= startLoad(at.options, at.eyes.addresses, Date.now);
        return undefined;
      case 'state':
        return stateOf(at);
      case 'tell':
        return told(at, asked.sinceMs);
      case 'close':
        load?.stop();
        await agent?.stop();
        return at.close();
    }
  };
  process.on('message', ({ id, ask }: { id: number; ask: SiteAsk }) => {
    answer(ask).then(
      (value) => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, error: messageOf(error) }),
    );
  });
  // Its children go with it.
  process.on('disconnect', () => process.exit(0));
};

if (import.meta.main) serve();
