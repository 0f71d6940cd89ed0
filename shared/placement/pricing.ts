/**
 * @module What a replica costs an hour in a cluster, exactly: integers in units of 10^-19, fine enough for nine decimals of a price times
 * milli-CPU, or MiB in GiB (1/1024 has ten decimals).
 */
import type { ClusterPricing, Prices } from '../api/index.ts';
import type { PodShape } from '../capacity/index.ts';
import { type ClusterView, factsOf } from './model.ts';
import { admits } from './node-labels.ts';

/** Decimals of {@link Amount}. */
const decimals = 19;
const nano = 9;
/** 10^-19 of the currency. */
export type Amount = bigint;

/** A decimal text of at most nine decimals in units of 10^-9; undefined when it is none. */
const nanoOf = (text: string | undefined): bigint | undefined => {
  const match = text === undefined ? null : /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text);
  return match === null ? undefined : BigInt(`${match[1]}${(match[2] ?? '').padEnd(nano, '0')}`);
};

/** The amount as a decimal text without trailing zeros. */
export const amountText = (amount: Amount): string => {
  if (amount === 0n) return '0';
  const digits = amount.toString().padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  let end = digits.length;
  while (end > point && digits[end - 1] === '0') end -= 1;
  return end === point ? digits.slice(0, point) : `${digits.slice(0, point)}.${digits.slice(point, end)}`;
};

/** Labels that mark spot nodes and their values: Karpenter, EKS, GKE, AKS, and our own. */
const spotLabels: Readonly<Record<string, string>> = {
  'karpenter.sh/capacity-type': 'spot',
  'eks.amazonaws.com/capacityType': 'SPOT',
  'cloud.google.com/gke-spot': 'true',
  'kubernetes.azure.com/scalesetpriority': 'spot',
  'node.hanse.dev/spot': 'true',
};

const has = (labels: Readonly<Record<string, string>>, key: string, value: string): boolean =>
  Object.hasOwn(labels, key) && labels[key] === value;

/** True for a spot node. */
export const isSpot = (labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(spotLabels).some(([key, value]) => has(labels, key, value));

/** The prices that hold for nodes with these labels. */
export const pricesFor = (pricing: ClusterPricing, labels: Readonly<Record<string, string>>): Prices => {
  const group = pricing.nodeGroups?.find(({ nodeSelector }) =>
    Object.entries(nodeSelector).every(([key, value]) => has(labels, key, value)),
  );
  const special = group ?? (isSpot(labels) ? pricing.spot : undefined);
  return special === undefined ? pricing : { ...pricing, ...special };
};

const productLabels: Readonly<Record<string, string>> = {
  'nvidia.com/gpu': 'nvidia.com/gpu.product',
  'amd.com/gpu': 'amd.com/gpu.product-name',
  'gpu.intel.com/i915': 'gpu.intel.com/product',
  'gpu.intel.com/xe': 'gpu.intel.com/product',
};

/** The price of one GPU on a node with these labels; a cluster's only one also where the product is not told. */
const gpuPrice = ({ gpuHour = {} }: Prices, productLabel: string, labels: Readonly<Record<string, string>>): bigint | undefined => {
  const product = labels[productLabel] ?? '';
  const listed = Object.entries(gpuHour);
  const [, price] = listed.find(([name]) => name === product) ?? (product === '' && listed.length === 1 ? (listed[0] ?? []) : []);
  return nanoOf(price);
};

/** What one replica costs at these prices; undefined when a GPU it asks for has no price, or nothing has that it asks for. */
const costAt = (prices: Prices, shape: PodShape, labels: Readonly<Record<string, string>>): Amount | undefined => {
  let sum: Amount | undefined;
  let asksAtAll = false;
  for (const [resource, count] of shape.requests) {
    const amount = BigInt(Math.trunc(count));
    const productLabel = Object.hasOwn(productLabels, resource) ? productLabels[resource] : undefined;
    let price: Amount | undefined;
    if (productLabel !== undefined) {
      const each = gpuPrice(prices, productLabel, labels);
      if (each === undefined) return undefined;
      price = each * amount * 10_000_000_000n;
    } else if (resource === 'cpu' || resource === 'memory') {
      asksAtAll = true;
      const each = nanoOf(resource === 'cpu' ? prices.cpuCoreHour : prices.memoryGiBHour);
      price = each === undefined ? undefined : each * amount * (resource === 'cpu' ? 10_000_000n : 9_765_625n);
    }
    if (price !== undefined) sum = (sum ?? 0n) + price;
  }
  return sum ?? (asksAtAll ? undefined : 0n);
};

const isPriced = (pricing: ClusterPricing): boolean =>
  [pricing, pricing.spot ?? {}, ...(pricing.nodeGroups ?? [])].some(
    (prices) => prices.cpuCoreHour !== undefined || prices.memoryGiBHour !== undefined || prices.gpuHour !== undefined,
  );

/** What a replica costs an hour, and whether it depends on the node that it comes to. */
type Price = { readonly dearest: Amount | undefined; readonly isMixed: boolean };

const computePrice = (view: ClusterView, shape: PodShape): Price => {
  const { pricing } = view;
  if (pricing === undefined || !isPriced(pricing)) return { dearest: undefined, isMixed: false };
  const groups = (factsOf(view)?.groups ?? []).filter((group) => admits(group, shape));
  if (groups.length === 0) return { dearest: costAt(pricing, shape, {}), isMixed: false };
  // Where the node is not known the dearest that may run a replica counts, so that the bill is never above what was said.
  let dearest: Amount | undefined;
  const amounts = new Set<Amount | undefined>();
  for (const group of groups) {
    const cost = costAt(pricesFor(pricing, group.labels), shape, group.labels);
    amounts.add(cost);
    if (cost !== undefined && (dearest === undefined || cost > dearest)) dearest = cost;
  }
  return { dearest, isMixed: amounts.size > 1 };
};

/** What one replica costs an hour on a node with these labels; undefined when there is no price for it there. */
export const priceOn = ({ pricing }: ClusterView, shape: PodShape, labels: Readonly<Record<string, string>>): Amount | undefined =>
  pricing === undefined ? undefined : costAt(pricesFor(pricing, labels), shape, labels);

/** Prices kept for each cluster's prices and nodes; beyond it they are counted anew. */
const keptPricesMax = 256;
const kept = new WeakMap<ClusterPricing, WeakMap<object, Map<string, Price>>>();
const noPrice: Price = { dearest: undefined, isMixed: false };

const keptPrice = (view: ClusterView, shape: PodShape): Price => {
  const { pricing } = view;
  if (pricing === undefined) return noPrice;
  const ofPricing = kept.get(pricing) ?? new WeakMap<object, Map<string, Price>>();
  kept.set(pricing, ofPricing);
  const nodes = factsOf(view)?.groups ?? pricing;
  const known = ofPricing.get(nodes) ?? new Map<string, Price>();
  ofPricing.set(nodes, known);
  const before = known.get(shape.key);
  if (before !== undefined) return before;
  const made = computePrice(view, shape);
  if (known.size >= keptPricesMax) known.clear();
  known.set(shape.key, made);
  return made;
};

/** What one replica costs an hour in the cluster, on the dearest of the nodes that may run it; undefined when the cluster has no price for it. */
export const priceIn = (view: ClusterView, shape: PodShape): Amount | undefined => keptPrice(view, shape).dearest;

/** True when the price of a replica depends on the node that it comes to. */
export const isMixedIn = (view: ClusterView, shape: PodShape): boolean => keptPrice(view, shape).isMixed;

/** Currency of a cluster's prices; '' when it says none. */
export const currencyOf = (view: ClusterView): string => view.pricing?.currency ?? '';
