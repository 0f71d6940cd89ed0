/**
 * @module The part of CEL that selectors of DeviceClasses and claims use (resource.k8s.io/v1 CELDeviceSelector): the driver, attributes and
 * capacity of a device, comparisons, `&&`, `||`, `!`, `in`, lists, and a few functions on texts and quantities. Everything else is refused
 * with its name: an expression that is not understood is never taken for true or false.
 */
import { parseCel } from './report-cel-parse.ts';
import { asBool } from './report-cel-terms.ts';
import { NotUnderstood } from './report-cel-tokens.ts';
import type { CelDevice } from './report-cel-value.ts';

export type { CelDevice } from './report-cel-value.ts';

/** A compiled selector; undefined = evaluating it fails on this device, so that it is not selected. */
export type CelSelector = (device: CelDevice) => boolean | undefined;

/** The selector, or what is not understood in it. */
export type CelCompiled = { readonly ok: true; readonly selects: CelSelector } | { readonly ok: false; readonly message: string };

/** KEP-4381 allows expressions of 10 KiB. */
const expressionMax = 10_240;

/**
 * Compiles a selector.
 *
 * @example
 * compileCel('device.driver == "gpu.nvidia.com" && device.attributes["gpu.nvidia.com"].type == "gpu"')
 */
export const compileCel = (expression: string): CelCompiled => {
  if (expression.length > expressionMax) return { ok: false, message: `an expression of more than ${expressionMax} characters` };
  try {
    const term = parseCel(expression);
    return { ok: true, selects: (device) => asBool(term(device)) };
  } catch (error) {
    if (error instanceof NotUnderstood) return { ok: false, message: error.message };
    throw error;
  }
};
