/** @module A watch as a stream of lines: each event encoded in the client's form, with a bounded queue in front of a slow reader. */
import { apiVersionOf, type KubeObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import { fromStorage, goesOutAsStored } from './call.ts';
import type { ServerContext } from './context.ts';
import { htmlSafe } from './html-safe.ts';
import type { Form } from './negotiate.ts';
import { type IncludeObject, partialJson, tableJson } from './table.ts';
import type { Watch, WatchedEvent } from './watch.ts';

/** A stream of one JSON line an event. When its reader is too slow the stream fails and `cutOff` is called. */
export const watchStream = (
  server: ServerContext,
  type: ResourceType,
  watch: Watch,
  form: Form,
  include: IncludeObject,
  cutOff: () => void,
): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  const lineOf = lineEncoder(server, type, form, include);
  const queue: string[] = [];
  let stop = (): void => undefined;
  let ended = false;
  let wake = (): void => undefined;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        stop = watch.start(
          (event) => {
            if (queue.length >= server.limits.watchQueueMax) return false;
            queue.push(lineOf(event));
            wake();
            return true;
          },
          (why) => {
            ended = true;
            if (why !== 'overflow') return wake();
            server.env.log.warn('a slow watcher was cut off', { resource: type.resource, group: type.group, queued: queue.length });
            queue.length = 0;
            controller.error(new Error('the watcher is too slow'));
            cutOff();
          },
        );
      },
      pull: async (controller) => {
        if (queue.length === 0 && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        // One chunk holds all that waits: fewer, larger writes when there is much to say.
        if (queue.length > 0) controller.enqueue(encoder.encode(queue.splice(0).join('')));
        else if (ended) controller.close();
      },
      cancel: () => {
        stop();
        wake();
      },
    },
    { highWaterMark: 0 },
  );
};

/** Encodes the events of one watch; a watch of Tables names the columns once. */
const lineEncoder = (server: ServerContext, type: ResourceType, form: Form, include: IncludeObject): ((event: WatchedEvent) => string) => {
  let columnsSent = false;
  const isTable = form.as === 'Table';
  const asTable = (objects: readonly KubeObject[], resourceVersion: string): string => {
    const columns = !columnsSent;
    columnsSent = true;
    const metadata = { resourceVersion };
    return tableJson({ type, objects, metadata, version: form.version, include, nowMs: server.env.nowMs(), columns, foreign: false });
  };
  const objectText = (event: WatchedEvent): string => {
    if (event.type === 'ERROR') return JSON.stringify(event.status);
    if (event.type === 'BOOKMARK') {
      const mark = bookmarkObject(type, event.revision, event.initialEnd);
      if (isTable) return bookmarkTable(form.version, mark);
      return form.as === 'object' ? JSON.stringify(mark) : partialJson(mark, form.version);
    }
    const { stored } = event;
    if (form.as === 'object' && goesOutAsStored(type)) return stored.json;
    const object = fromStorage(type, stored.object);
    if (isTable) return asTable([object], String(stored.revision));
    return form.as === 'object' ? JSON.stringify(object) : partialJson(object, form.version);
  };
  return (event) => htmlSafe(`{"type":"${event.type}","object":${objectText(event)}}\n`);
};

const bookmarkObject = (type: ResourceType, revision: number, initialEnd: boolean): KubeObject => ({
  kind: type.kind,
  apiVersion: apiVersionOf(type.group, type.version),
  // A bookmark has no name; clients read nothing but these two.
  metadata: {
    resourceVersion: String(revision),
    ...(initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  } as unknown as KubeObject['metadata'],
});

/** A bookmark of a watch of Tables: no rows, but the mark's metadata in the one row's object, as clients look for it there. */
const bookmarkTable = (version: string, mark: KubeObject): string =>
  `{"kind":"Table","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify({ resourceVersion: mark.metadata.resourceVersion })},"columnDefinitions":null,"rows":[{"cells":[],"object":${partialJson(mark, version)}}]}`;
