/** @module What a cluster may be called: agents check it before they make keys, the hub before it believes anything else. */
import { dns1123Label } from '../kube/names/index.ts';

/** Why `name` is no cluster name, in words that tell the letters allowed; undefined when it is one. A name that is one is safe as a file name. */
export const clusterNameFault = (name: string): string | undefined =>
  dns1123Label(name).length === 0
    ? undefined
    : `${JSON.stringify(name)} is not a cluster name: use 1 to 63 of a-z, 0-9 and -, not beginning or ending with -`;
