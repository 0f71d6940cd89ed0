/**
 * @module Reads what a DCGM exporter says: lines of the Prometheus text format. Anything may come: lines are bounded, and a value out of
 * what a GPU can have is dropped, as are DCGM's blanks (near 2^31, 2^47 and 2^63), which stand for "not told".
 */

/** The metrics that are read, and the least and the greatest that one can be. Units: percent, MiB, MiB, degrees Celsius, W, a code. */
const bounds = {
  DCGM_FI_DEV_GPU_UTIL: [0, 100],
  DCGM_FI_DEV_FB_USED: [0, 2 ** 24],
  DCGM_FI_DEV_FB_FREE: [0, 2 ** 24],
  DCGM_FI_DEV_GPU_TEMP: [-100, 1_000],
  DCGM_FI_DEV_POWER_USAGE: [0, 100_000],
  DCGM_FI_DEV_XID_ERRORS: [0, 100_000],
} as const;

/** A metric that is read. */
export type DcgmMetric = keyof typeof bounds;

/** One figure of one GPU, or of one MIG instance of it. */
export type DcgmSample = {
  readonly metric: DcgmMetric;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

const LINE_CHARS_MAX = 4_096;
/** 16 GPUs with 7 instances, six metrics and a line for each pod that shares one, many times over. */
const SAMPLES_MAX = 16_384;
const LABELS_MAX = 64;

const isMetric = (name: string): name is DcgmMetric => Object.hasOwn(bounds, name);

/** The samples of a text, at most {@link SAMPLES_MAX}; what is no sample of ours is passed over. */
export const dcgmSamples = (text: string): readonly DcgmSample[] => {
  const samples: DcgmSample[] = [];
  for (let start = 0; start < text.length && samples.length < SAMPLES_MAX; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    if (text.startsWith('DCGM_', start) && end - start <= LINE_CHARS_MAX) {
      const sample = sampleOf(text.slice(start, end));
      if (sample !== undefined) samples.push(sample);
    }
    start = end + 1;
  }
  return samples;
};

const linePattern = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t\r]*$/;
const numberPattern = /^[+-]?\d{1,20}(?:\.\d{0,40})?(?:[eE][+-]?\d{1,3})?$/;

const sampleOf = (line: string): DcgmSample | undefined => {
  const [, metric = '', labels = '', number = ''] = linePattern.exec(line) ?? [];
  if (!isMetric(metric) || !numberPattern.test(number)) return undefined;
  const value = Number(number);
  const [least, greatest] = bounds[metric];
  if (!(value >= least && value <= greatest)) return undefined;
  return { metric, labels: labelsOf(labels), value };
};

const labelPattern = /\s*([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"\s*(?:,|$)/y;

const labelsOf = (text: string): Readonly<Record<string, string>> => {
  const labels: [string, string][] = [];
  const pattern = new RegExp(labelPattern.source, 'y');
  while (labels.length < LABELS_MAX) {
    const match = pattern.exec(text);
    if (match === null) break;
    const [, name = '', value = ''] = match;
    labels.push([name, value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))]);
  }
  return Object.fromEntries(labels);
};
