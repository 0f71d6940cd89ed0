/** @module Order of Kubernetes API versions: GA before beta before alpha, newest first (as CustomResourceDefinition versions are sorted). */
import { compareText } from '../../lib/compare-text.ts';

const KUBE_VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const STAGE_RANK: { readonly [stage: string]: number } = { '': 0, beta: 1, alpha: 2 };

/** Negative when `a` is preferred; names that are no Kubernetes versions come last, by text. */
export const compareVersions = (a: string, b: string): number => {
  const left = KUBE_VERSION.exec(a);
  const right = KUBE_VERSION.exec(b);
  if (left === null || right === null) return left === right ? compareText(a, b) : left === null ? 1 : -1;
  return (
    rankOf(left) - rankOf(right) || Number(right[1]) - Number(left[1]) || Number(right[3] ?? 0) - Number(left[3] ?? 0) || compareText(a, b)
  );
};

const rankOf = (match: RegExpExecArray): number => STAGE_RANK[match[2] ?? ''] ?? 0;
