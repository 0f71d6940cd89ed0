/**
 * @module Rules of requests: nobody is left without an endpoint or an address while a cluster serves that could be named, and once a death has
 * been judged nobody is sent there any more. Also counts requests, lost ones, and how long clients went on losing them to the dead.
 */
import { serviceOfTrafficId, type TrafficAnswer, type TrafficSpec } from '../../../shared/wire/index.ts';
import type { Checker } from './observer.ts';

/** One request of a client. */
export type ClientRequest = {
  readonly client: string;
  /** Where the client lives. */
  readonly cluster: string;
  readonly way: 'slices' | 'name';
  /** Whose agent wrote the slices, or answered the name. */
  readonly server: string;
  /** Where it went; undefined = nowhere, there was no endpoint or address. */
  readonly target: string | undefined;
  readonly outcome: 'answered' | 'lost' | 'empty';
};

/** What can be seen of the world at this moment. */
export type ClientSight = {
  readonly clusters: readonly string[];
  /** The cluster has a ready endpoint. */
  readonly serves: (cluster: string) => boolean;
  /** Requests from one cluster get to the other, and answers back. */
  readonly reaches: (from: string, to: string) => boolean;
  /** Its agent runs and gets the processor, and its API answers. */
  readonly isAble: (cluster: string) => boolean;
  /** Gets the processor, so that its gateway answers in time. */
  readonly isQuick: (cluster: string) => boolean;
  /** How long after a verdict the slices, or the answers to names with what resolvers keep, may still name the dead. */
  readonly boundMs: Readonly<Record<ClientRequest['way'], number>>;
};

/** What is counted over a run. */
export type ClientCount = {
  requests: number;
  lost: number;
  /** From a death, until a client lost its last request to it, by client, way and death. Of deaths that its cluster judged. */
  readonly recoverMs: Map<string, number>;
  /** Last request that was not answered, by client. */
  readonly lastBad: Map<string, { readonly atMs: number; readonly text: string }>;
};

type Known = { readonly seq: number; readonly serving: ReadonlySet<string> };
/** From one cluster to another: the names of what is noted of it. */
type Way = { readonly to: string; readonly reached: string; readonly fine: string };
type Span = { readonly is: boolean; readonly sinceMs: number };

/** Records remembered of a cluster. */
const recordsMax = 64;
/** A cluster that could not be reached, or was slow, may be left alone for so long after. */
const forgiveMs = 8_000;

const isMoving = (cause: string): boolean => cause === 'Cluster' || cause === 'DataPlane';
const servingOf = (spec: TrafficSpec): Set<string> =>
  new Set(spec.sources.filter(({ sets }) => sets.some(({ ready }) => ready.length > 0)).map(({ name }) => name));

/** The checker; `look` is asked at each request. */
export const clientCheck =
  (look: () => ClientSight, count: ClientCount): Checker =>
  (fail, nowMs) => {
    /** What each cluster was sent, oldest first, and the oldest of it that may be in force there. */
    const sent = new Map<string, Known[]>();
    const inForce = new Map<string, number>();
    /** Since when its agent has said, in this life, what is in force. */
    const speaksSince = new Map<string, number>();
    const everNamed = new Set<string>();
    const verdicts = new Map<string, Map<string, number>>();
    const spans = new Map<string, Span>();
    const lastLost = new Map<string, { readonly goneMs: number; readonly atMs: number }>();
    const watched = new Set<string>();

    const noteSpan = (name: string, is: boolean): Span => {
      const known = spans.get(name);
      if (known?.is === is) return known;
      const span = { is, sinceMs: nowMs() };
      spans.set(name, span);
      return span;
    };
    /** Names of the spans of each pair: they are noted with every request. */
    const ways = new Map<string, readonly Way[]>();
    const waysFrom = (sight: ClientSight, cluster: string): readonly Way[] => {
      const known = ways.get(cluster);
      if (known !== undefined) return known;
      const others = sight.clusters.filter((other) => other !== cluster);
      const made = others.map((to) => ({ to, reached: `${cluster}>${to}`, fine: `fine ${cluster}>${to}` }));
      ways.set(cluster, made);
      return made;
    };
    const noteOf = (sight: ClientSight, cluster: string): void => {
      noteSpan(`able ${cluster}`, sight.isAble(cluster));
      for (const { to, reached, fine } of waysFrom(sight, cluster)) {
        const isReached = sight.reaches(cluster, to);
        noteSpan(reached, isReached);
        noteSpan(fine, isReached && sight.isQuick(to));
      }
    };
    const records = (cluster: string): readonly Known[] => {
      const oldest = inForce.get(cluster);
      return oldest === undefined ? [] : (sent.get(cluster) ?? []).filter(({ seq }) => seq >= oldest);
    };
    /** Clusters that serve by every record that may be in force. */
    const named = (server: string): readonly string[] => {
      const [first, ...others] = records(server);
      return [...(first?.serving ?? [])].filter((name) => others.every(({ serving }) => serving.has(name)));
    };

    /** Since when another cluster could be named instead of the dead: a record that names it may come later than the verdict. */
    const noteNamed = (server: string): void => {
      const now = new Set(named(server));
      for (const name of everNamed) noteSpan(`named ${server}>${name}`, now.has(name));
    };

    const checkEmpty = ({ client, cluster, way, server }: ClientRequest, sight: ClientSight): void => {
      const known = records(server);
      const isThere = (name: string): boolean => sight.serves(name) && (name === cluster || sight.reaches(cluster, name));
      if (known.length === 0 || !known.every(({ serving }) => [...serving].some(isThere))) return;
      const able = named(server).filter(isThere);
      fail(
        'never zero endpoints or addresses while a cluster serves',
        `${client} in ${cluster} finds none by ${way} of ${server}, whose record names ${able.join()}`,
      );
    };
    /** Since when another cluster could have been named in its place; undefined = there is none. */
    const placeSince = (server: string, target: string): number | undefined => {
      const mine = verdicts.get(server);
      const times = named(server).flatMap((name) => {
        if (name === target || mine?.has(name) === true) return [];
        const namedMs = spans.get(`named ${server}>${name}`)?.sinceMs ?? 0;
        if (name === server) return [namedMs];
        const fine = spans.get(`fine ${server}>${name}`);
        return fine?.is === true ? [Math.max(namedMs, fine.sinceMs + forgiveMs)] : [];
      });
      return times.length === 0 ? undefined : Math.min(...times);
    };
    const checkDead = ({ client, cluster, way, server, target = '' }: ClientRequest, sight: ClientSight, goneMs: number): void => {
      const verdictMs = verdicts.get(server)?.get(target);
      const able = spans.get(`able ${server}`);
      const speaksMs = speaksSince.get(server);
      const placeMs = placeSince(server, target);
      if (verdictMs === undefined || able?.is !== true || speaksMs === undefined || placeMs === undefined) return;
      const lateMs = nowMs() - Math.max(verdictMs, goneMs, able.sinceMs, speaksMs, placeMs);
      if (lateMs > sight.boundMs[way])
        fail(
          'no request to the dead after the verdict',
          `${client} in ${cluster} is sent to ${target} by ${way} of ${server}, ${lateMs} ms after ${server} could have withdrawn it; ${sight.boundMs[way]} are allowed`,
        );
    };
    const keyOf = ({ client, way, target }: ClientRequest): string => `${client} ${way} ${target}`;
    const takeTime = (key: string, goneMs: number, atMs: number): void => void count.recoverMs.set(`${key} ${goneMs}`, atMs - goneMs);

    return {
      worldChanged: () => {
        const sight = look();
        for (const cluster of watched) noteOf(sight, cluster);
      },
      published: ({ cluster, id, seq, object }) => {
        if (serviceOfTrafficId(id) === undefined || object === undefined) return;
        const known = sent.get(cluster) ?? [];
        if (known.some((one) => one.seq === seq)) return;
        const serving = servingOf(object.spec as TrafficSpec);
        sent.set(cluster, [...known, { seq, serving }].slice(-recordsMax));
        for (const name of serving) everNamed.add(name);
        noteNamed(cluster);
      },
      answered: (cluster, { id, status }) => {
        const epoch = (status as TrafficAnswer | undefined)?.applied?.epoch ?? 0;
        if (serviceOfTrafficId(id) === undefined || epoch === 0) return;
        inForce.set(cluster, epoch);
        noteNamed(cluster);
        if (!speaksSince.has(cluster)) speaksSince.set(cluster, nowMs());
      },
      agentStarted: (cluster) => {
        verdicts.delete(cluster);
        speaksSince.delete(cluster);
        // What its last life kept may be older than what it said.
        if (inForce.has(cluster)) inForce.set(cluster, 0);
        noteNamed(cluster);
      },
      verdict: (by, target, cause, phase) => {
        const mine = verdicts.get(by) ?? new Map<string, number>();
        verdicts.set(by, mine);
        if (phase === 'Cleared' || (phase === 'Standing' && !isMoving(cause))) mine.delete(target);
        if (phase !== 'Standing' || !isMoving(cause) || mine.has(target)) return;
        mine.set(target, nowMs());
        const gone = spans.get(`${by}>${target}`);
        for (const [key, { goneMs, atMs }] of lastLost)
          if (gone?.is === false && goneMs === gone.sinceMs && key.endsWith(` ${target} of ${by}`)) takeTime(key, goneMs, atMs);
      },
      requested: (request) => {
        const { client, cluster, way, server, target, outcome } = request;
        const sight = look();
        for (const name of new Set([cluster, server])) {
          watched.add(name);
          noteOf(sight, name);
        }
        count.requests += 1;
        if (outcome === 'answered') return;
        count.lost += 1;
        count.lastBad.set(client, { atMs: nowMs(), text: `${client} in ${cluster} by ${way}: ${target ?? ''} ${outcome}` });
        if (outcome === 'empty') checkEmpty(request, sight);
        const gone = spans.get(`${cluster}>${target}`);
        if (target === undefined || gone?.is !== false) return;
        const key = `${keyOf(request)} of ${cluster}`;
        lastLost.set(key, { goneMs: gone.sinceMs, atMs: nowMs() });
        if (verdicts.get(cluster)?.has(target) === true) takeTime(key, gone.sinceMs, nowMs());
        checkDead(request, sight, gone.sinceMs);
      },
    };
  };
