/** @module Errors as the Kubernetes API says them: a `Status` object (meta/v1) with reason, details and causes. */

/** One fault of one field (meta/v1 StatusCause). */
export type StatusCause = { reason?: string; message?: string; field?: string };

/** meta/v1 StatusDetails. */
export type StatusDetails = {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
};

/** meta/v1 Status. */
export type Status = {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { continue?: string; resourceVersion?: string };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
};

/** What a request is refused with; `status` is the answer's body and `status.code` its HTTP code. */
export class StatusError extends Error {
  override name = 'StatusError';
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: StatusDetails, options?: ErrorOptions) {
    super(message, options);
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }

  /** The HTTP code. */
  get code(): number {
    return this.status.code;
  }

  /** The machine-readable reason, such as `NotFound`. */
  get reason(): string {
    return this.status.reason ?? '';
  }
}

/** True for a {@link StatusError} with this reason. */
export const isStatus = (error: unknown, reason: string): error is StatusError => error instanceof StatusError && error.reason === reason;
