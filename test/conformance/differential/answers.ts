/** @module An API server's answer without what may differ between two servers: identities, versions, times, addresses. */

const dropped = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'time',
  'selfLink',
  'clusterIP',
  'clusterIPs',
]);

/** Lists whose order is by time or by chance: owners written within the same second, causes of a conflict. */
const unordered = new Set(['managedFields', 'causes']);

/** Messages repeat whole objects now and then, with the names and the order of Go's fields. */
const withoutObjects = (text: string): string => {
  const start = text.indexOf('Invalid value: {');
  if (start < 0) return text.replace(/Invalid value: "(\{.*\}|map\[.*\])"/, 'Invalid value: <object>');
  const from = start + 'Invalid value: '.length;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth++;
    if (text[at] === '}' && --depth === 0) {
      return `${text.slice(0, from)}<object>${withoutObjects(text.slice(at + 1))}`;
    }
  }
  return text;
};

/** Kinds whose faults are found by walking a Go map, in whatever order it has today. */
const walkedAtRandom = new Set(['ResourceQuota', 'LimitRange']);

const withoutIdentities = (text: string): string =>
  withoutObjects(
    text
      .replace(/^\d+[smh]$/, '<age>')
      .replace(/^10\.96\.\d+\.\d+$/, '<ip>')
      .replaceAll(/\bmade-[a-z0-9]{5}\b/g, '<generated>')
      .replace(/in record \(\d+\)/, 'in record (<version>)')
      .replace(/in object meta: \d+$/, 'in object meta: <version>')
      // Nil and empty are one in an answer and two inside Go.
      .replaceAll('Invalid value: []', 'Invalid value: null')
      // The difference of two Go structs, as a library prints it.
      .replace(/\n@@ [\s\S]*?\n(?=$|\]|, [a-zA-Z.]+: )/, '')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<uid>'),
  );

/** Sorted, each once: a real API server tells some faults twice. */
const sorted = (list: readonly unknown[]): string[] => [...new Set(list.map((item) => JSON.stringify(item)))].sort();

const withoutTemplateGeneration = (value: object): object => {
  const { metadata, ...rest } = value as { metadata?: { annotations?: Record<string, string> } };
  const { 'deprecated.daemonset.template.generation': _, ...annotations } = metadata?.annotations ?? {};
  const { annotations: __, ...others } = metadata ?? {};
  return { ...rest, kind: 'Partial', metadata: Object.keys(annotations).length === 0 ? others : { ...others, annotations } };
};

/** The answer with those fields taken out at every depth; keys sorted, so that equal answers are equal texts. */
export const normalised = (value: unknown, key = ''): unknown => {
  if (Array.isArray(value)) {
    const items = value.map((item) => normalised(item));
    return unordered.has(key) ? sorted(items) : items;
  }
  if (typeof value === 'string') return withoutIdentities(value);
  if (typeof value !== 'object' || value === null) return value;
  const { details, message } = value as { details?: { kind?: string }; message?: string };
  // Nil and empty are one to whoever reads a Table; and apps/v1 keeps this annotation of the objects inside to itself.
  if ('rows' in value && value.rows === null) return normalised({ ...value, rows: [] });
  if ((value as { kind?: unknown }).kind === 'PartialObjectMetadata') return normalised(withoutTemplateGeneration(value));
  // The causes say the same.
  if (walkedAtRandom.has(details?.kind ?? '') && message?.includes('is invalid: [')) {
    return normalised({ ...value, message: message.replace(/is invalid: \[.*/s, 'is invalid: …') });
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !dropped.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, normalised(item, name)]),
  );
};
