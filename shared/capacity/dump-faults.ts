/** @module What in objects of a dump no API server serves: read as absent it would make the count of another cluster, so it is refused with its path. */
import { type Check, fieldsOf, integer, listOf, mapOf, object, oneOf, text, truth } from '../lib/field-checks.ts';
import { type Bag, isBag, textOf } from '../lib/fields.ts';
import { amountsFault } from './quantities.ts';

const objects = (check: Check): Check => listOf(check, 'a list of objects');
const texts = mapOf(text);

const taint = fieldsOf(
  { key: text, value: text, effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute') },
  ({ key, effect }, path) => {
    if (textOf(key) === '') return `${path}.key: name the taint`;
    return textOf(effect) === '' ? `${path}.effect: say NoSchedule, PreferNoSchedule or NoExecute` : undefined;
  },
);

const metadata = fieldsOf({ labels: texts, annotations: texts });
const nodeSpec = fieldsOf({ unschedulable: truth, taints: objects(taint) });
const nodeStatus = fieldsOf(
  { allocatable: object, capacity: object, conditions: objects(object), runtimeHandlers: objects(object), nodeInfo: object },
  ({ allocatable, capacity }, path) => amountsFault(allocatable, `${path}.allocatable`) ?? amountsFault(capacity, `${path}.capacity`),
);

/** The first fault of a node. */
export const nodeFault = (node: Bag, path: string): string | undefined =>
  metadata(node.metadata, `${path}: metadata`) ?? nodeSpec(node.spec, `${path}: spec`) ?? nodeStatus(node.status, `${path}: status`);

const sliceSpec = fieldsOf({
  driver: text,
  nodeName: text,
  pool: fieldsOf({ name: text, generation: integer(0), resourceSliceCount: integer(1) }),
  devices: objects(object),
  sharedCounters: objects(object),
});

/** The first fault of a ResourceSlice. */
export const sliceFault = (slice: Bag, path: string): string | undefined =>
  isBag(slice.spec) ? sliceSpec(slice.spec, `${path}: spec`) : `${path}: spec: an object is wanted`;

const zones = objects(fieldsOf({ resources: objects(object) }));
const attributes = objects(fieldsOf({ name: text, value: text }));
const policies = listOf(text);

/** The first fault of a NodeResourceTopology, but for its amounts. */
export const topologyFault = (topology: Bag): string | undefined =>
  zones(topology.zones, 'zones') ??
  attributes(topology.attributes, 'attributes') ??
  policies(topology.topologyPolicies, 'topologyPolicies');
