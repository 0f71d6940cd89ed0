/** @module Options of list and watch, checked together (apimachinery `internalversion/validation`). */
import { forbidden, notSupported } from '../names/index.ts';
import type { StatusCause } from '../status-error.ts';
import { badRequest, invalidOptions, serverError } from './errors.ts';
import { booleanOf, integerOf, versionOf } from './options-query.ts';

/** Options of a list or watch. `resourceVersion` is undefined when absent. */
export type ListOptions = {
  readonly resourceVersion: number | undefined;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  readonly limit: number;
  readonly continueToken: string;
  readonly sendInitialEvents: boolean;
  readonly allowWatchBookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
};

const MATCHES = ['Exact', 'NotOlderThan', ''];

/** Reads the options; throws 400 or 422. */
export const listOptions = (query: URLSearchParams, watching: boolean): ListOptions => {
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const initial = query.get('sendInitialEvents');
  const continueToken = query.get('continue') ?? '';
  const causes = watching ? watchFaults(match, initial) : listFaults(version, match, initial, continueToken);
  if (causes.length > 0) throw invalidOptions('ListOptions', causes, 'meta.k8s.io');
  const limit = integerOf(query, 'limit') ?? 0;
  return {
    resourceVersion: versionOf(version, watching ? serverError : (why) => badRequest(`invalid resource version: ${why}`)),
    match: match === 'Exact' || match === 'NotOlderThan' ? match : '',
    limit: limit > 0 ? limit : 0,
    continueToken,
    sendInitialEvents: initial !== null && booleanOf(initial),
    allowWatchBookmarks: query.has('allowWatchBookmarks') && booleanOf(query.get('allowWatchBookmarks') ?? ''),
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
  };
};

const listFaults = (version: string, match: string, initial: string | null, continueToken: string): StatusCause[] => {
  const faults: StatusCause[] = [];
  if (match !== '') {
    if (version === '')
      faults.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (continueToken !== '') faults.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    if (!MATCHES.includes(match)) faults.push(notSupported('resourceVersionMatch', match, MATCHES));
    if (match === 'Exact' && version === '0') {
      faults.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (initial !== null) faults.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return faults;
};

const watchFaults = (match: string, initial: string | null): StatusCause[] => {
  const faults: StatusCause[] = [];
  if (initial !== null) {
    if (match !== 'NotOlderThan') {
      faults.push(forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
      if (match !== '') faults.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
    }
    return faults;
  }
  if (match === '') return faults;
  return [forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')];
};
