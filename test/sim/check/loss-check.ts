/**
 * @module Rule of the hub's own hearing: it loses no cluster whose agent runs and has a way to the broker. That hub or broker were away, and that
 * the agent waits between two tries to reach them, is no death.
 */
import type { Condition } from '../../../shared/kube/condition.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Checker } from './observer.ts';

/** How long nothing has been done to a cluster's agent and its way to the broker, ms. */
export type LossSight = (cluster: string) => number;

/** What was done before that may still be why: silence that is tolerated, pauses, notice of a broken connection, waits between tries. */
const aftermathMsMax = 120_000;
const prefix = 'hanse.dev/clusters/';

const readyReason = (object: KubeObject | undefined): string | undefined =>
  (object?.status as { conditions?: Condition[] } | undefined)?.conditions?.find(({ type }) => type === 'Ready')?.reason;

/** The checker. */
export const lossCheck =
  (untouchedMs: LossSight): Checker =>
  (fail) => {
    const reasons = new Map<string, string | undefined>();
    return {
      written: ({ key, object }) => {
        if (!key.startsWith(prefix)) return;
        const [before, reason] = [reasons.get(key), readyReason(object)];
        reasons.set(key, reason);
        if (reason !== 'AgentStatusUnknown' || before === reason) return;
        const name = object?.metadata.name ?? '';
        const ms = untouchedMs(name);
        if (ms > aftermathMsMax)
          fail(
            'the hub loses no cluster whose agent runs and can reach the broker',
            `${name} is lost; nothing happened to it for ${ms} ms`,
          );
      },
    };
  };
