/** @module What was last made of each service. */
import type { CompiledService } from '../../../shared/traffic/index.ts';
import { partsOfService, type ServiceKey } from './answers.ts';
import type { Uses } from './uses.ts';

/** What was made of one service. */
export type Made = {
  /** Name of the policy it is under. */
  readonly policy: string | undefined;
  readonly compiled: CompiledService | undefined;
  /** Why it is not sent. */
  readonly problem: string | undefined;
  readonly uses: Uses;
};

/** Of a service that nobody exports. */
export const nothingMade: Made = { policy: undefined, compiled: undefined, problem: undefined, uses: new Map() };

/** The services of which something was made. */
export type MadeServices = {
  readonly known: ReadonlyMap<ServiceKey, Made>;
  readonly remember: (service: ServiceKey, next: Made) => void;
};

/** None. `onPolicy`: a policy, as `namespace/name`, has to tell of its services anew. */
export const createMadeServices = (onPolicy: (id: string) => void): MadeServices => {
  const known = new Map<ServiceKey, Made>();
  return {
    known,
    remember: (service, next) => {
      const before = known.get(service);
      if (next.compiled === undefined && next.problem === undefined && next.policy === undefined) known.delete(service);
      else known.set(service, next);
      const { namespace } = partsOfService(service);
      for (const policy of new Set([before?.policy, next.policy])) if (policy !== undefined) onPolicy(`${namespace}/${policy}`);
    },
  };
};
