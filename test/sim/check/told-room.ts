/** @module How many replicas of a workload a cluster has already: what is placed there, and what it was told and still keeps on the way out. */

/** Of what a cluster was told, only what nobody else was given there since its placement left it is its own still. */
export type ToldRoom = {
  /** So many replicas the cluster was told last. */
  readonly tell: (cluster: string, workload: string, replicas: number) => void;
  /** So many are placed there from now on; `givenMilli`: milli-CPU that it is given anew, which others have no more. */
  readonly place: (cluster: string, workload: string, replicas: number, givenMilli: number) => void;
  /** How many it has already, each of this size. */
  readonly had: (cluster: string, workload: string, sizeMilli: number) => number;
};

type Room = { told: number; placed: number; givenAwayMilli: number };

/** No cluster has anything. */
export const createToldRoom = (): ToldRoom => {
  const clusters = new Map<string, Map<string, Room>>();
  const change = (cluster: string, workload: string, to: Partial<Room>): void => {
    const rooms = clusters.get(cluster) ?? new Map<string, Room>();
    clusters.set(cluster, rooms);
    const room = { told: 0, placed: 0, givenAwayMilli: 0, ...rooms.get(workload), ...to };
    // Where it keeps nothing that it is to lose, there is nothing to give away.
    rooms.set(workload, room.told > room.placed ? room : { ...room, givenAwayMilli: 0 });
  };
  return {
    tell: (cluster, workload, told) => change(cluster, workload, { told }),
    place: (cluster, workload, placed, givenMilli) => {
      change(cluster, workload, { placed });
      for (const [other, { givenAwayMilli }] of clusters.get(cluster) ?? [])
        if (other !== workload) change(cluster, other, { givenAwayMilli: givenAwayMilli + givenMilli });
    },
    had: (cluster, workload, sizeMilli) => {
      const { told = 0, placed = 0, givenAwayMilli = 0 } = clusters.get(cluster)?.get(workload) ?? {};
      return Math.max(placed, told - Math.ceil(givenAwayMilli / Math.max(1, sizeMilli)));
    },
  };
};
