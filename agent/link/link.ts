/** @module The agent's link: joins, connects, renews, reconnects, for ever; says at each moment where it stands and what would help. */
import type { NatsConnection } from 'nats';
import { backoffMs } from '../../shared/lib/backoff.ts';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { decodeMessage, encodeMessage } from '../../shared/wire/decode.ts';
import { makeListeners } from '../../shared/wire/listeners.ts';
import { upSubject } from '../../shared/wire/subjects.ts';
import { makeJoinClient } from './join-client.ts';
import { type Admitted, type KeptLink, type KeyStore, openKeys } from './key-store.ts';
import type { AgentKeys } from './keys.ts';
import { type Live, makeLive } from './live.ts';
import type { AgentLink, LinkPhase, LinkState } from './port.ts';
import { openSession } from './session.ts';
import { natsTrouble, refusalTrouble, type Trouble } from './trouble.ts';

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
  readonly keyStore: KeyStore;
};

const joinBackoff = { baseMs: 1_000, maxMs: 30_000 };
const connectBackoff = { baseMs: 500, maxMs: 15_000 };
/** Failed connections in a row after which the hub is asked again for addresses and CA. */
const failuresBeforeJoin = 4;
/** A connection lost for this long is given up, so that the hub can be asked for another address. */
const lostMsMax = 30_000;
const renewTimeoutMs = 10_000;
const renewRetryMsMin = 1_000;

/** Starts the link; it works from now on until `stop`. @throws Error when the options or the kept keys cannot be used. */
export const startLink = async (options: LinkOptions): Promise<AgentLink> => {
  const { env, cluster } = options;
  const client = makeJoinClient(options);
  const { keys, kept } = await openKeys(options.keyStore, cluster);
  const bootId = env.uuid();
  const live = makeLive({ env, cluster, bootId, keys });
  const runner = makeRunner(options, keys, kept, live, client.ask);
  const running = runner
    .run()
    .catch((error: unknown) =>
      env.log.error('the link ended by a fault of its own', { error: error instanceof Error ? error.stack : String(error) }),
    );
  let stopping: Promise<void> | undefined;
  return {
    cluster,
    bootId,
    state: runner.state,
    onState: runner.onState,
    setHello: live.setHello,
    setBeat: live.setBeat,
    helloChanged: live.sayHello,
    publishReport: live.publishReport,
    publishStatus: live.publishStatus,
    rememberSeq: live.rememberSeq,
    onWork: live.onWork.add,
    onWant: live.onWant.add,
    stop: () => {
      stopping ??= runner.stop().then(async () => {
        await running;
        await client.close();
      });
      return stopping;
    },
  };
};

type Runner = {
  readonly run: () => Promise<void>;
  readonly state: () => LinkState;
  readonly onState: (handler: (state: LinkState) => void) => () => void;
  readonly stop: () => Promise<void>;
};

const makeRunner = (
  options: LinkOptions,
  keys: AgentKeys,
  kept: KeptLink,
  live: Live,
  ask: ReturnType<typeof makeJoinClient>['ask'],
): Runner => {
  const { env, cluster } = options;
  const onState = makeListeners<LinkState>(env.log);
  let state: LinkState = { phase: 'Joining', message: 'starting', sinceMs: env.nowMs() };
  let admitted = kept.admitted;
  let connection: NatsConnection | undefined;
  let stopped = false;
  let wake: () => void = () => undefined;
  let cancelRenewal: () => void = () => undefined;

  const setState = (phase: LinkPhase, message: string, trouble?: Trouble['trouble']): void => {
    if (state.phase === phase && state.trouble === trouble && state.message === message) return;
    const isSame = state.phase === phase && state.trouble === trouble;
    state = { phase, message, sinceMs: isSame ? state.sinceMs : env.nowMs(), ...(trouble === undefined ? {} : { trouble }) };
    env.log[trouble === undefined ? 'info' : 'warn'](message, { phase, trouble });
    onState.tell(state);
  };
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
    await options.keyStore.save(JSON.stringify({ ...kept, ...keys.secret, admitted: next } satisfies KeptLink));
  };

  /** One request to join; answers how long to wait before the next step. */
  const joinOnce = async (attempt: number): Promise<number> => {
    if (admitted === undefined) setState('Joining', `asking ${options.hubUrl} to join as ${cluster}`);
    const facts = {
      token: options.token ?? '',
      name: cluster,
      labels: options.labels,
      kubernetesVersion: options.kubernetesVersion(),
      nowMs: env.nowMs(),
    };
    const answer = await ask(facts, keys);
    const waitMs = backoffMs(attempt, joinBackoff, env.random);
    if ('trouble' in answer) {
      setState(isUsable() ? 'Disconnected' : 'Joining', answer.message, answer.trouble);
      return waitMs;
    }
    if (answer.state === 'Pending') {
      setState('Pending', answer.message, 'NotApproved');
      return answer.retryAfterMs;
    }
    if (answer.state === 'Refused') {
      admitted = undefined;
      const { trouble, message } = refusalTrouble(answer.reason, answer.message);
      setState('Refused', message, trouble);
      return Math.max(waitMs, answer.retryAfterMs ?? 0);
    }
    const { v: _, state: __, ...next } = answer;
    await keep(next);
    return 0;
  };

  const run = async (): Promise<void> => {
    let joins = 0;
    let failures = 0;
    while (!stopped) {
      const wantsAddresses = failures > 0 && failures % failuresBeforeJoin === 0;
      if (!isUsable() || wantsAddresses) {
        if (wantsAddresses) failures++;
        const waitMs = await joinOnce(joins++);
        if (waitMs > 0) await sleep(waitMs);
        if (!isUsable()) continue;
      }
      joins = 0;
      const trouble = await connectOnce();
      if (trouble === undefined) {
        failures = 0;
        continue;
      }
      failures++;
      if (stopped) break;
      if (trouble.trouble === 'CredentialsExpired') admitted = undefined;
      setState('Disconnected', trouble.message, trouble.trouble);
      await sleep(backoffMs(failures, connectBackoff, env.random));
    }
    setState('Stopped', 'stopped');
  };

  /** Connects and lives until the connection (or the one that took its place) ends; answers why, undefined when it had been well. */
  const connectOnce = async (): Promise<Trouble | undefined> => {
    if (admitted === undefined) return undefined;
    if (state.phase !== 'Disconnected') setState('Connecting', `connecting to ${admitted.natsUrls.join(', ')}`);
    try {
      take(await openSession(cluster, keys, admitted), admitted);
    } catch (error) {
      return natsTrouble(error, admitted.natsUrls);
    }
    for (let current = connection; current !== undefined; ) {
      const ended = await current.closed();
      if (current !== connection) {
        current = connection;
        continue;
      }
      cancelRenewal();
      live.setUp(false);
      if (stopped) return undefined;
      return ended instanceof Error
        ? natsTrouble(ended, admitted.natsUrls)
        : { trouble: 'NatsUnreachable', message: 'the connection to the broker was lost; connecting again' };
    }
    return undefined;
  };

  /** Puts a connection in the place of the one before, which is drained: nothing is lost in between. */
  const take = (next: NatsConnection, by: Admitted): void => {
    const before = connection;
    connection = next;
    live.use(next, by.hubKey, by.beatIntervalMs);
    void followStatus(next);
    setState('Connected', `connected to ${next.getServer()}`);
    planRenewal(by);
    if (before !== undefined && !before.isClosed())
      before.drain().catch((error: unknown) => env.log.debug('the old connection did not drain', { error: String(error) }));
  };

  const followStatus = async (on: NatsConnection): Promise<void> => {
    let cancelGiveUp: () => void = () => undefined;
    for await (const { type } of on.status()) {
      if (on !== connection || stopped) continue;
      if (type === 'disconnect') {
        live.setUp(false);
        setState('Disconnected', 'lost the NATS broker; connecting again', 'NatsUnreachable');
        cancelGiveUp();
        cancelGiveUp = env.setTimer(lostMsMax, () => void on.close());
      }
      if (type === 'reconnect') {
        cancelGiveUp();
        live.setUp(true);
        setState('Connected', `connected to ${on.getServer()}`);
      }
    }
    cancelGiveUp();
  };

  /** At half of the credential's remaining life, ± 10 %, so that a fleet that joined at once does not renew at once. */
  const planRenewal = ({ expiresAtMs }: Admitted, afterMs?: number): void => {
    cancelRenewal();
    const half = (expiresAtMs - env.nowMs()) / 2;
    cancelRenewal = env.setTimer(afterMs ?? Math.max(0, half * (0.9 + env.random() / 5)), () => {
      renew().catch((error: unknown) => {
        const leftMs = expiresAtMs - env.nowMs();
        env.log.warn('the credential could not be renewed yet', { error: String(error), expiresInMs: leftMs });
        if (!stopped && leftMs > 0) planRenewal({ ...(admitted as Admitted) }, Math.max(renewRetryMsMin, leftMs / 20));
      });
    });
  };

  const renew = async (): Promise<void> => {
    if (connection === undefined || admitted === undefined) return;
    const request = encodeMessage('renew', { v: 1, cluster, publicKey: keys.publicKey }).bytes;
    const message = await connection.request(upSubject(cluster, 'renew'), request, { timeout: renewTimeoutMs });
    const decoded = decodeMessage('renewAnswer', message.data);
    if (!decoded.ok) throw new Error(decoded.message);
    if (!decoded.value.ok) throw new Error(`the hub refused: ${decoded.value.message}`);
    const { jwt, expiresAtMs } = decoded.value;
    const next = { ...admitted, jwt, expiresAtMs };
    await keep(next);
    // The server ends a connection when the credential it began with expires, so a new one is made before.
    const session = await openSession(cluster, keys, next);
    if (stopped) await session.close();
    else take(session, next);
  };

  return {
    run,
    state: () => state,
    onState: onState.add,
    stop: async () => {
      stopped = true;
      cancelRenewal();
      live.stop();
      wake();
      if (connection !== undefined && !connection.isClosed()) await connection.drain().catch(() => connection?.close());
    },
  };
};
