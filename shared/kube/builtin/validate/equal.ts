/** @module Whether two values mean the same to Kubernetes: absent, null and empty lists are equal, and so are amounts written differently. */
import { sameJson } from '../../../lib/same-json.ts';
import { isJson } from '../read.ts';

const isEmpty = (value: unknown): boolean => {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) && value.length === 0;
};

/**
 * Deep equality in which empty lists equal absent ones (apimachinery `equality.Semantic`). Empty maps are gone when an object is read; an empty
 * object that is left is one that was set (`emptyDir: {}`).
 */
export const sameValue = (left: unknown, right: unknown): boolean => {
  if (isEmpty(left) && isEmpty(right)) return true;
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, index) => sameValue(item, right[index]));
  if (!isJson(left) || !isJson(right)) return sameJson(left, right);
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => sameValue(left[key], right[key]));
};
