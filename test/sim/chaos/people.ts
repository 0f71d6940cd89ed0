/** @module What people ask of the hub meanwhile: objects that come, change and go, drains, other sizes. */
import type { Prng } from '../../../shared/lib/prng.ts';
import { actAsDrainer } from '../drains.ts';
import { keyFor } from '../model/hub-api.ts';
import { actAsResizer } from '../resizes.ts';
import { actAsUser } from '../users.ts';
import type { Stage } from './stage.ts';

const asking =
  ({ world, federation }: Stage, act: typeof actAsUser) =>
  (random: Prng): void => {
    const hub = federation.hub();
    if (hub?.api === undefined) return;
    const action = act(hub.api, random);
    if (action === undefined) return;
    const key = keyFor(action.kind, action.name);
    federation.observer.asked(key, action.wanted);
    world.say(`user ${action.verb} ${key}`);
    void action.result.then(({ ok, why, revision }) => {
      world.say(`user ${action.verb} ${key}: ${ok ? `done at ${revision}` : why}`);
      if (ok) federation.observer.acknowledged(key, revision);
    });
  };

/** Users, operators who drain, and operators who change what workloads ask for. */
export const people = (stage: Stage): void => {
  const { faults, often } = stage;
  often('user', faults.userEveryMs, asking(stage, actAsUser));
  often('drain', faults.drainEveryMs, asking(stage, actAsDrainer));
  often('resize', faults.resizeEveryMs, asking(stage, actAsResizer));
};
