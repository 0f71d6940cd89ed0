/** @module When the agents of this process call their members for one Deployment, heard from the HTTP client itself: nothing is added to the agents. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** One call, in ms since the epoch. */
export type Call = { readonly sentAtMs: number; readonly answeredAtMs: number };

/** The calls of one member's agent. */
export type MemberCalls = { readonly record: Call; readonly look: Call | undefined; readonly apply: Call };

/** Hears the calls of one Deployment at a time. */
export type StageListener = {
  /** Forgets all and listens for this Deployment. */
  readonly begin: (name: string) => void;
  /** One entry a member, of those whose apply was answered. */
  readonly calls: () => readonly MemberCalls[];
  readonly close: () => void;
};

type Heard = { readonly request: { readonly origin?: unknown; readonly method?: string; readonly path?: string } };
type Step = 'record' | 'look' | 'apply';

/** Now, as {@link Call} has it: the same clock on each thread. */
export const epochMs = (): number => performance.timeOrigin + performance.now();

/** Starts to listen. */
export const listenToAgents = (): StageListener => {
  let name = '';
  const sent = new Map<unknown, { readonly origin: string; readonly step: Step; readonly atMs: number }>();
  const members = new Map<string, Partial<Record<Step, Call>>>();
  const stepOf = (method = '', path = ''): Step | undefined => {
    const [target = ''] = path.split('?');
    if (method === 'PATCH' && target.includes('/secrets/work-')) return 'record';
    if (!target.endsWith(`/deployments/${name}`)) return undefined;
    if (method === 'GET') return 'look';
    return method === 'PATCH' ? 'apply' : undefined;
  };
  const onSent = (message: unknown): void => {
    const { request } = message as Heard;
    const step = stepOf(request.method, request.path);
    if (step !== undefined) sent.set(request, { origin: String(request.origin), step, atMs: epochMs() });
  };
  const onAnswered = (message: unknown): void => {
    const { request } = message as Heard;
    const begun = sent.get(request);
    if (begun === undefined) return;
    sent.delete(request);
    const calls = members.get(begun.origin) ?? {};
    calls[begun.step] ??= { sentAtMs: begun.atMs, answeredAtMs: epochMs() };
    members.set(begun.origin, calls);
  };
  subscribe('undici:request:create', onSent);
  subscribe('undici:request:trailers', onAnswered);
  return {
    begin: (next) => {
      name = next;
      sent.clear();
      members.clear();
    },
    calls: () =>
      [...members.values()].flatMap(({ record, look, apply }) =>
        record === undefined || apply === undefined ? [] : [{ record, look, apply }],
      ),
    close: () => {
      unsubscribe('undici:request:create', onSent);
      unsubscribe('undici:request:trailers', onAnswered);
    },
  };
};
