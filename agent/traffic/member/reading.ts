/** @module Reads the sources, each by a reflector of its own, and knows how far that has come. */
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { type Reflector, type ReflectorEvent, startReflector } from '../../cluster/index.ts';
import type { Item } from './item.ts';
import type { Items } from './items.ts';
import type { Source, SourceName } from './sources.ts';

/** What it is built from. */
export type ReadingOptions = {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly env: RuntimeEnv;
  readonly items: Pick<Items, 'set' | 'replace'>;
  readonly project: (name: SourceName, object: KubeObject) => Item | undefined;
  /** A source was read for the first time. */
  readonly onFirstRead: () => void;
};

/** The reading. */
export type Reading = {
  /** Reads the source in this version from now on, undefined = in none; false when it is read so already. */
  readonly setVersion: (source: Source, version: string | undefined) => boolean;
  /** The version that is read; undefined = none. */
  readonly versionOf: (name: SourceName) => string | undefined;
  /** Reads a source anew that is read; false when it is not. */
  readonly again: (name: SourceName, onRead: () => void) => boolean;
  /** True when all that is read and may be read has been read once. */
  readonly isSynced: () => boolean;
  readonly isForbidden: (name: SourceName) => boolean;
  readonly forbidden: () => readonly SourceName[];
  readonly stop: () => void;
};

/** Reads nothing yet. */
export const createReading = ({ client, env, items, project, onFirstRead }: ReadingOptions): Reading => {
  const running = new Map<SourceName, { readonly source: Source; readonly version: string; reflector: Reflector }>();
  const synced = new Set<SourceName>();
  const problems = new Map<SourceName, number>();
  const isForbidden = (name: SourceName): boolean => problems.get(name) === 403;

  /** What was there is replaced at once when all is read: in between nobody sees half of it. */
  const taker = (name: SourceName, onRead: () => void): ((event: ReflectorEvent<Item>) => void) => {
    let fresh: Map<string, Item> | undefined;
    return (event) => {
      if (event.type === 'Init') fresh = new Map();
      else if (event.type === 'InitApply') fresh?.set(event.key, event.item);
      else if (event.type === 'Apply') items.set(name, event.key, event.item);
      else if (event.type === 'Delete') {
        items.set(name, event.key, undefined);
        fresh?.delete(event.key);
      } else {
        items.replace(name, fresh ?? new Map());
        fresh = undefined;
        const isFirst = !synced.has(name);
        synced.add(name);
        onRead();
        if (isFirst) onFirstRead();
      }
    };
  };
  const start = ({ name, group, labelSelector }: Source, version: string, onRead: () => void): Reflector =>
    startReflector<Item>({
      client,
      env,
      collection: { group, version, resource: name, ...(labelSelector === undefined ? {} : { labelSelector }) },
      project: (object) => project(name, object),
      onEvent: taker(name, onRead),
      onHealth: (problem) => {
        if (problem === undefined) problems.delete(name);
        else problems.set(name, problem.status);
      },
    });

  return {
    setVersion: (source, version) => {
      const { name } = source;
      const run = running.get(name);
      if (run?.version === version) return false;
      run?.reflector.stop();
      running.delete(name);
      if (version === undefined) synced.delete(name);
      else running.set(name, { source, version, reflector: start(source, version, () => undefined) });
      return true;
    },
    versionOf: (name) => running.get(name)?.version,
    again: (name, onRead) => {
      const run = running.get(name);
      if (run === undefined) return false;
      run.reflector.stop();
      run.reflector = start(run.source, run.version, onRead);
      return true;
    },
    isSynced: () => running.size > 0 && [...running.keys()].every((name) => synced.has(name) || isForbidden(name)),
    isForbidden,
    forbidden: () => [...problems.keys()].filter(isForbidden),
    stop: () => {
      for (const { reflector } of running.values()) reflector.stop();
    },
  };
};
