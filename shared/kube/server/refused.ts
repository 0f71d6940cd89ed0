/** @module Any error of a request becomes a Status; what is our own fault goes to the log, not to the user. */
import type { Log, LogFields } from '../../lib/index.ts';
import { type Status, StatusError } from '../status-error.ts';
import { internalError } from './errors.ts';

/** The Status of an error. Errors that are no StatusError are logged and answered with 500. */
export const refusedOf = (error: unknown, log: Log, fields: LogFields): Status => {
  if (error instanceof StatusError) {
    if (error.code >= 500 && error.cause !== undefined) log.error('a request failed', { ...fields, error: error.cause });
    return error.status;
  }
  log.error('a request failed', { ...fields, error });
  return internalError(error).status;
};
