/** @module The few functions of the Reflect metadata proposal that the X.509 library's container asks for at import; import this before it. */

type Key = string | symbol;
type Metadata = Map<Key, unknown>;

const stores = new WeakMap<object, Metadata>();

const getOwnMetadata = (key: Key, target: object): unknown => stores.get(target)?.get(key);

const getMetadata = (key: Key, target: object): unknown => {
  for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at)) {
    const metadata = stores.get(at);
    if (metadata?.has(key) === true) return metadata.get(key);
  }
  return undefined;
};

const defineMetadata = (key: Key, value: unknown, target: object): void => {
  const metadata: Metadata = stores.get(target) ?? new Map();
  stores.set(target, metadata.set(key, value));
};

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata });
