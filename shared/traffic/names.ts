/** @module Names and marks of what agents write for imported services. */
import { hash32 } from '../lib/prng.ts';

/** Field manager of all that moves traffic: apart from placed work, so that each owns its own fields. */
export const trafficManager = 'hanse-traffic';
/** Label on everything that traffic owns, with {@link trafficManager} as its value. */
export const trafficLabel = 'hanse.dev/managed-by';
/** Label: the service that an object was written for. */
export const trafficServiceLabel = 'hanse.dev/traffic-service';
/** Annotation: epoch of the record, or of the verdict, that an object was written for. */
export const epochAnnotation = 'hanse.dev/traffic-epoch';
/** Who manages the slices; never `endpointslice-controller.k8s.io`, which would take them for its own. */
export const sliceManager = 'traffic.hanse.dev';

const labelMax = 63;

/** A DNS label made of a text and a mark that keeps it apart; the text is cut where it is too long. */
const marked = (text: string, mark: string): string => `${text.slice(0, labelMax - mark.length - 1).replace(/-+$/, '')}-${mark}`;

/** The Service that carries the address of an import. Its name tells whose it is, and is nobody else's. */
export const derivedName = (namespace: string, name: string): string =>
  marked(name, `imported-${hash32(`${namespace}/${name}`).toString(16).padStart(8, '0')}`);

/** Name of the import of one cluster's endpoints alone. */
export const clusterImportName = (name: string, cluster: string): string => {
  const whole = `${name}-${cluster}`;
  return whole.length <= labelMax ? whole : marked(whole, hash32(whole).toString(16).padStart(8, '0'));
};
