/** @module The agent's link: joins, connects, renews, reconnects, for ever; says at each moment where it stands and what would help. */
import type { NatsConnection } from 'nats';
import { backoffMs } from '../../shared/lib/backoff.ts';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { connectBackoff, joinBackoff } from '../../shared/wire/comeback.ts';
import { afterJoin, mayKnowKey } from './after-join.ts';
import { type Ended, makeConnections } from './connections.ts';
import { type JoinClient, type JoinFacts, makeJoinClient } from './join-client.ts';
import {
  type Admitted,
  isFreshToken,
  joiningAnew,
  type KeptLink,
  type KeyStore,
  makeKeys,
  type OpenedKeys,
  openKeys,
} from './key-store.ts';
import type { AgentKeys } from './keys.ts';
import { type Live, makeLive } from './live.ts';
import { hubKeyText } from './mesh-bus.ts';
import type { AgentLink, LinkState, MeshBus } from './port.ts';
import { askForCredential, makeRenewalTimer } from './renewal.ts';
import { openSession } from './session.ts';
import { makeStateBoard, type StateBoard } from './state-board.ts';
import { natsTrouble } from './trouble.ts';

export type LinkOptions = {
  readonly env: RuntimeEnv;
  /** Wanted cluster name. */
  readonly cluster: string;
  /** `https://hub.example:6443`. */
  readonly hubUrl: string;
  /** PEM of the hub's CA; absent = the system's roots. */
  readonly hubCa?: string;
  /** Join token; needed for the first join only. */
  readonly token?: string;
  /** Labels proposed for the Cluster. */
  readonly labels: Readonly<Record<string, string>>;
  /** The member's version; '' when not known yet. */
  readonly kubernetesVersion: () => string;
  /** UID of the member's namespace kube-system; undefined when not known. */
  readonly clusterUID?: () => string | undefined;
  /** Why the member's API cannot be used; undefined = it can, or was not asked yet. */
  readonly memberTrouble?: () => JoinFacts['memberAPI'];
  readonly keyStore: KeyStore;
};

/** Failed connections in a row after which the hub is asked again for addresses and CA. */
const failuresBeforeJoin = 4;

/** A link as the program that started it sees it. */
export interface StartedLink extends AgentLink {
  /** The way over the broker to the other agents. */
  readonly mesh: MeshBus;
  /** Key of the hub that let this agent in before this start, as {@link MeshBus.hubKey} tells it; undefined = none did, or another is joined. */
  readonly hubBefore: string | undefined;
  /** Resolves with the last state when the link gives up by itself, because the hub refused it for good. */
  readonly gaveUp: Promise<LinkState>;
}

/** Starts the link; it works from now on until `stop` or a final refusal. @throws Error when the options or the kept keys cannot be used. */
export const startLink = async (options: LinkOptions): Promise<StartedLink> => {
  const { env, cluster } = options;
  const client = makeJoinClient(options);
  const { keys, kept, isNew } = await keysFor(options, client.ask);
  if (!isNew && kept.admitted === undefined) env.log.info(`the key that an earlier join made is used: ${options.keyStore.place}`);
  const bootId = env.uuid();
  const live = makeLive({ env, cluster, bootId, keys });
  const board = makeStateBoard(env);
  const { promise: gaveUp, resolve: giveUp } = Promise.withResolvers<LinkState>();
  const runner = makeRunner({ options, keys, kept, isNew, live, board, ask: client.ask, onGiveUp: () => giveUp(board.state()) });
  const running = runner
    .run()
    .catch((error: unknown) =>
      env.log.error('the link ended by a fault of its own', { error: error instanceof Error ? error.stack : String(error) }),
    );
  let stopping: Promise<void> | undefined;
  return {
    cluster,
    bootId,
    gaveUp,
    hubBefore: kept.admitted === undefined ? undefined : hubKeyText(kept.admitted),
    mesh: live.mesh,
    state: board.state,
    onState: board.onState,
    setHello: live.setHello,
    setBeat: live.setBeat,
    helloChanged: live.sayHello,
    publishReport: live.publishReport,
    publishStatus: live.publishStatus,
    rememberSeq: live.rememberSeq,
    onWork: live.onWork.add,
    onWant: live.onWant.add,
    onKindsWanted: live.onKindsWanted.add,
    publishKind: live.publishKind,
    stop: () => {
      stopping ??= runner.stop().then(async () => {
        await running;
        await runner.forget();
        await client.close();
      });
      return stopping;
    },
  };
};

/** What a request to join says. */
const factsOf = ({ env, cluster, labels, token = '', kubernetesVersion, clusterUID, memberTrouble }: LinkOptions): JoinFacts => {
  const uid = clusterUID?.();
  const memberAPI = memberTrouble?.();
  const facts = {
    token,
    name: cluster,
    labels,
    kubernetesVersion: kubernetesVersion(),
    nowMs: env.nowMs(),
    ...(memberAPI === undefined ? {} : { memberAPI }),
  };
  return uid === undefined ? facts : { ...facts, clusterUID: uid };
};

/**
 * The kept keys, or new ones: also where the kept ones were revoked and somebody gives a token that was made since. Where the hub that such a token
 * is for lets the kept keys in, they belong to it from then on: it may be another than they joined before.
 */
const keysFor = async (options: LinkOptions, ask: JoinClient['ask']): Promise<OpenedKeys> => {
  const { env, cluster, keyStore, token } = options;
  const opened = await openKeys(keyStore, cluster, token);
  if (token === undefined || !isFreshToken(opened.kept, token)) return opened;
  const answer = await ask(factsOf(options), opened.keys);
  if ('trouble' in answer) return opened;
  if (answer.state !== 'Refused') return joiningAnew(keyStore, opened, token);
  if (answer.reason !== 'Revoked') return opened;
  env.log.info(`the key in ${keyStore.place} was revoked with the Cluster ${cluster} of before: joining anew with a new key`);
  return makeKeys(keyStore, cluster, token);
};

const howToJoinAgain = ({ keyStore, hubUrl, cluster }: LinkOptions): string =>
  `to join again make a token with: hanse token create   and join with it: hanse join --hub ${hubUrl} --name ${cluster} --token TOKEN …   (a key that joined before tokens were remembered is removed first, with: ${keyStore.removal})`;

type Runner = {
  readonly run: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Removes a key that was made for this join and that the hub does not know. */
  readonly forget: () => Promise<void>;
};
type RunnerParts = {
  readonly options: LinkOptions;
  readonly keys: AgentKeys;
  readonly kept: KeptLink;
  readonly isNew: boolean;
  readonly live: Live;
  readonly board: StateBoard;
  readonly ask: JoinClient['ask'];
  readonly onGiveUp: () => void;
};

/** The loop: join while there is no credential, connect, live until the connection ends, again. */
const makeRunner = ({ options, keys, kept, isNew, live, board, ask, onGiveUp }: RunnerParts): Runner => {
  const { env, cluster } = options;
  const connections = makeConnections({ env, live, board });
  let admitted = kept.admitted;
  let wasAdmitted = admitted !== undefined;
  let stopped = false;
  let hasGivenUp = false;
  let isKeyUnknown = isNew;
  let wake: () => void = () => undefined;

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (stopped) return resolve();
      const cancel = env.setTimer(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  const isUsable = (): boolean => admitted !== undefined && admitted.expiresAtMs > env.nowMs();
  const keep = async (next: Admitted): Promise<void> => {
    admitted = next;
    wasAdmitted = true;
    await options.keyStore.save(JSON.stringify({ ...kept, ...keys.secret, admitted: next } satisfies KeptLink));
  };
  const timer = makeRenewalTimer({
    env,
    renew: async () => {
      const connection = connections.current();
      if (connection === undefined || admitted === undefined || stopped) return;
      await keep({ ...admitted, ...(await askForCredential(connection, cluster, keys.publicKey)) });
      // The server ends a connection when the credential it began with expires, so a new one is made before.
      const session = await openSession(cluster, keys, admitted);
      if (stopped) await session.close();
      else take(session, admitted);
    },
  });
  const take = (session: NatsConnection, by: Admitted): void => {
    connections.take(session, by);
    timer.plan(by.expiresAtMs);
  };

  /** One request to join; answers how long to wait before the next step. */
  const joinOnce = async (attempt: number): Promise<number> => {
    if (admitted === undefined && board.state().phase === 'Disconnected')
      board.set('Joining', `asking ${options.hubUrl} to join as ${cluster}`);
    const answer = await ask(factsOf(options), keys);
    if (mayKnowKey(answer)) isKeyUnknown = false;
    const known = { backoffMs: backoffMs(attempt, joinBackoff, env.random), hasCredential: isUsable(), wasAdmitted };
    const step = afterJoin(answer, known);
    if (step.admitted === undefined) {
      hasGivenUp = step.isFinal;
      // The last state is told by the program that ends over it.
      board.set(
        step.phase,
        step.trouble === 'Revoked' ? `${step.message}; ${howToJoinAgain(options)}` : step.message,
        step.trouble,
        hasGivenUp,
      );
    } else await keep(step.admitted);
    return step.waitMs;
  };

  /** Connects and lives until the connection ends; answers why. */
  const connectOnce = async (by: Admitted): Promise<Ended & { readonly wasConnected: boolean }> => {
    if (board.state().phase !== 'Disconnected') board.set('Connecting', `connecting to ${by.natsUrls.join(', ')}`);
    try {
      take(await openSession(cluster, keys, by), by);
    } catch (error) {
      return { ...natsTrouble(error, by.natsUrls), byBroker: false, wasConnected: false };
    }
    if (stopped) await connections.stop();
    const why = await connections.ended();
    timer.cancel();
    return { ...why, wasConnected: true };
  };

  const run = async (): Promise<void> => {
    let joins = 0;
    let failures = 0;
    let dismissals = 0;
    while (!stopped) {
      if (!isUsable() || failures >= failuresBeforeJoin) {
        failures = 0;
        const waitMs = await joinOnce(joins++);
        if (hasGivenUp && !stopped) {
          stopped = true;
          return onGiveUp();
        }
        if (waitMs > 0) await sleep(waitMs);
      }
      if (admitted === undefined || !isUsable() || stopped) continue;
      const ended = await connectOnce(admitted);
      if (stopped) break;
      failures = ended.wasConnected ? 0 : failures + 1;
      if (ended.wasConnected) joins = 0;
      if (ended.byBroker) {
        // The hub is asked at once, and what it answers is told; the first time without a pause.
        failures = failuresBeforeJoin;
        board.set('Disconnected', ended.message, ended.trouble, true);
        if (dismissals > 0) await sleep(backoffMs(dismissals, connectBackoff, env.random));
        dismissals++;
        continue;
      }
      dismissals = 0;
      if (ended.trouble === 'CredentialsExpired') admitted = undefined;
      board.set('Disconnected', ended.message, ended.trouble);
      await sleep(backoffMs(failures, connectBackoff, env.random));
    }
    board.set('Stopped', 'stopped');
  };

  return {
    run,
    stop: async () => {
      stopped = true;
      timer.cancel();
      live.stop();
      wake();
      await connections.stop();
    },
    forget: async () => {
      if (!isKeyUnknown) return;
      await options.keyStore.forget?.();
    },
  };
};
