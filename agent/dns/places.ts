/** @module Who may keep a connection open: a few of each network, and of all those who spoke last. */
import { networkOf } from './network.ts';

/** Connections at once; one more takes the place of the one that has been silent for longest (RFC 7766 §6.2.3). */
export const connectionsMax = 200;
/** Of them from one network; one more is closed at once, so that no one network takes all places. */
export const connectionsPerNetworkMax = 50;

/** A connection that has a place. */
export type Place = {
  /** It spoke. */
  readonly touch: () => void;
  readonly leave: () => void;
};

/** The places. */
export type Places = {
  /** Undefined = the network has as many as it may. */
  readonly take: (address: string, close: () => void) => Place | undefined;
  readonly closeAll: () => void;
};

type Taken = { readonly network: string; readonly close: () => void };

/** Nobody is connected. `onEvicted` is told of each that had to give way. */
export const createPlaces = (onEvicted: (network: string) => void): Places => {
  // In the order in which they spoke.
  const taken = new Set<Taken>();
  const ofNetwork = new Map<string, number>();
  const leave = (place: Taken): void => {
    if (!taken.delete(place)) return;
    const left = (ofNetwork.get(place.network) ?? 0) - 1;
    if (left > 0) ofNetwork.set(place.network, left);
    else ofNetwork.delete(place.network);
  };
  const evict = (): void => {
    for (const place of taken) {
      leave(place);
      place.close();
      onEvicted(place.network);
      return;
    }
  };
  return {
    take: (address, close) => {
      const network = networkOf(address);
      const known = ofNetwork.get(network) ?? 0;
      if (known >= connectionsPerNetworkMax) return undefined;
      if (taken.size >= connectionsMax) evict();
      const place = { network, close };
      taken.add(place);
      ofNetwork.set(network, (ofNetwork.get(network) ?? 0) + 1);
      return {
        touch: () => {
          if (taken.delete(place)) taken.add(place);
        },
        leave: () => leave(place),
      };
    },
    closeAll: () => {
      for (const { close } of taken) close();
    },
  };
};
