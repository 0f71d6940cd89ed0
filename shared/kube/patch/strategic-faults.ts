/** @module Why a strategic merge patch is refused, in the API server's words (apimachinery, mergepatch). */
import { goPrint, type JsonObject } from '../schema/index.ts';
import { StatusError } from '../status-error.ts';
import { badPatch, unfitPatch } from './result.ts';

/** Ends a merge; caught where the patch starts. */
export class StrategicFault extends Error {
  override name = 'StrategicFault';
  readonly status: StatusError;

  constructor(status: StatusError) {
    super(status.message);
    this.status = status;
  }
}

const malformed = (message: string): StrategicFault => new StrategicFault(badPatch(message));
const unexpected = (message: string): StrategicFault => new StrategicFault(new StatusError(500, '', message));

/** `$retainKeys` is no list, or the patch sets what it does not name. */
export const badRetainKeys = (): StrategicFault => malformed('invalid patch format of retainKeys');
/** `$setElementOrder` or the list it orders is no list. */
export const badElementOrder = (): StrategicFault => malformed('invalid patch format of setElementOrder list');
/** `$deleteFromPrimitiveList` names no list. */
export const badPrimitiveList = (): StrategicFault => malformed('invalid patch format of primitive list');
/** A list holds lists. */
export const noListOfLists = (): StrategicFault => new StrategicFault(unfitPatch('lists of lists are not supported'));
/** An item lacks what tells it apart. */
export const noMergeKey = (item: JsonObject, mergeKey: string): StrategicFault =>
  unexpected(`map: ${goPrint(item)} does not contain declared merge key: ${mergeKey}`);
/** `$patch` is none of `replace`, `delete`. */
export const unknownDirective = (directive: unknown, patch: JsonObject): StrategicFault =>
  unexpected(`unknown patch type: ${goPrint(directive)} in map: ${goPrint(patch)}`);
/** Values that cannot be merged. */
export const unfitTypes = (message: string): StrategicFault => unexpected(message);
