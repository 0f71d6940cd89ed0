/** @module The devices of a cluster that claims may take (Dynamic Resource Allocation), whether a dump or a report tells of them. */
import type { Quantity } from '../kube/quantity/index.ts';
import type { Bag } from '../lib/fields.ts';
import type { CelDevice, CelSelector } from './report-cel.ts';
import type { TaintLike } from './taints.ts';

/** One device; `key` is its driver, pool and name. */
export type Device = {
  readonly key: string;
  readonly cel: CelDevice;
  readonly taints: readonly TaintLike[];
  /** Values of attributes of which it is only told which devices of a node have the same; absent = none. */
  readonly groups?: ReadonlyMap<string, string>;
  /** What one claim may ask of its capacity at most, by qualified name (KEP-5075); absent = not told. */
  readonly askable?: ReadonlyMap<string, Quantity>;
  /** What it takes of counters that other devices of the pool draw from too. */
  readonly consumes: readonly { readonly counter: string; readonly amount: bigint }[];
};

/** What a device has of an attribute that several must have in common; undefined = it has none. */
export const valueInCommon = ({ cel, groups }: Device, attribute: string): unknown =>
  cel.attributes.get(attribute) ?? groups?.get(attribute);

/** Selectors that all must hold, or the one that is not understood. */
export type Selectors = { readonly ok: true; readonly all: readonly CelSelector[] } | { readonly ok: false; readonly message: string };

/** The devices of a cluster. */
export type DeviceStock = {
  /** Devices of slices that name a node; the others reach many nodes. */
  readonly byNode: Pick<ReadonlyMap<string, readonly Device[]>, 'get'>;
  readonly wide: readonly Device[];
  /** Keys of devices that claims hold. */
  readonly used: Pick<ReadonlySet<string>, 'has'>;
  /** What is left of shared counters. */
  readonly left: Pick<ReadonlyMap<string, bigint>, 'get'>;
  /** Nodes of pods whose claims are not known. */
  readonly silent: ReadonlySet<string>;
  readonly classes: Pick<ReadonlyMap<string, Selectors>, 'get'>;
  /** Classes by the extended resource that they offer as devices (KEP-5004). */
  readonly extended: ReadonlyMap<string, string>;
  /** `spec` of a claim by namespace and name of its template; a demand may bring its own. */
  readonly templates: ReadonlyMap<string, Bag>;
  /** False where devices are not told one by one: tolerations of their taints, and those that claims share, cannot be counted then. */
  readonly tellsEach: boolean;
  /** Nodes with the same text have the same devices in the same state; undefined = not known, absent = of none. */
  readonly likeness?: (node: string) => string | undefined;
};

/** What each replica asks of one kind of devices; `all` asks for every device that is selected. */
export type DeviceAsk = {
  readonly className: string;
  readonly count: bigint;
  readonly all: boolean;
  readonly selectors: readonly CelSelector[];
  readonly tolerations: readonly { readonly key?: string; readonly operator?: string; readonly value?: string; readonly effect?: string }[];
  /** Capacity that is wanted of each device, and may be a part of it: by name, without a domain the driver's; absent = none. */
  readonly capacity?: readonly (readonly [name: string, amount: Quantity])[];
  /** Qualified attribute that the devices of the request have in common. */
  readonly match: string | undefined;
  /** What is taken instead where this is not to be had, in that order (`firstAvailable`); absent = nothing. */
  readonly orElse?: readonly DeviceAsk[];
};
