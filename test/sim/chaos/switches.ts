/** @module The switches that faults turn: each says what it does, and tells the checkers where they must look again. */
import type { Member } from '../model/member-api.ts';
import type { Gateway } from '../model/mesh.ts';
import { setEndpoints } from '../model/web.ts';
import { memberOf, type Stage } from './stage.ts';

/** A link to the broker carries again. */
export const mendLink = ({ world, federation }: Stage, link: string): void => {
  world.say(`link ${link} is mended`);
  federation.broker.mend(link);
};

/** What the gateway of a cluster answers. */
export const setGateway = ({ world, federation }: Stage, name: string, gateway: Gateway): void => {
  world.say(`gateway of ${name} is ${gateway}`);
  federation.mesh.gateways.set(name, gateway);
  federation.observer.worldChanged();
};

/** The way from one cluster to another, or to all (`*`), is cut or open. */
export const setCut = ({ federation }: Stage, from: string, to: string, isCut: boolean): void => {
  federation.mesh.network.setCut(from, to, isCut);
  federation.observer.worldChanged();
};

/** The API server of a member answers or does not; watches end with it. */
export const setApi = ({ world }: Stage, member: Member, up: boolean): void => {
  world.say(`API of ${member.name} is ${up ? 'up' : 'down'}`);
  member.apiUp = up;
  if (!up) for (const end of [...member.openWatches]) end();
};

/** So many endpoints of the exported service are ready in a cluster. */
export const setReady = ({ world, federation }: Stage, name: string, ready: number): void => {
  world.say(`${name} has ${ready} endpoints`);
  setEndpoints(name, memberOf(federation, name).store, ready);
};
