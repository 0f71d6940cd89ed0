/** @module Options of the kubelet's CPU manager, as a NodeResourceTopology lists them (kubelet `cpumanager/policy_options.go`). */

/** The options that exist; those that are counted or change no count are no doubt. */
const options: ReadonlySet<string> = new Set([
  'full-pcpus-only',
  'distribute-cpus-across-numa',
  'align-by-socket',
  'distribute-cpus-across-cores',
  'strict-cpu-reservation',
  'prefer-align-cpus-by-uncorecache',
]);

/** Words for true and false (Go strconv.ParseBool, by which the kubelet reads them). */
const words: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** Whether full cores are demanded, which what cannot be read may say, and what is not counted. */
export const cpuOptionsOf = (text: string): { readonly fullCoresOnly: boolean; readonly doubts: readonly string[] } => {
  const doubts: string[] = [];
  const told = new Map<string, boolean | undefined>();
  for (const option of text.split(',').map((part) => part.trim())) {
    if (option === '') continue;
    const [name = '', word = ''] = option.split('=');
    const value = words.get(word);
    told.set(name, value);
    if (!options.has(name) || value === undefined)
      doubts.push(`attributes: cpuManagerPolicyOptions ${JSON.stringify(option)} is not known`);
  }
  if (told.get('align-by-socket') === true) doubts.push('attributes: cpuManagerPolicyOptions align-by-socket is not counted');
  return { fullCoresOnly: told.has('full-pcpus-only') && told.get('full-pcpus-only') !== false, doubts };
};
