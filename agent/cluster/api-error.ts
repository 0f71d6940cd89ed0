/** @module How a call to the member's API fails when it is not a refusal: unreachable, too slow, nonsense, too large. */
import { StatusError } from '../../shared/kube/status-error.ts';
import { messageOf } from '../../shared/lib/message-of.ts';

/** Named causes; `BreakerOpen` = not even tried, because the calls before it failed. */
export type ApiErrorCode =
  | 'Unreachable'
  | 'Timeout'
  | 'Nonsense'
  | 'TooLarge'
  | 'ServerError'
  | 'BreakerOpen'
  | 'CredentialsFailed'
  | 'WrongCA';

/** The member's API did not answer, or not in a way that can be used. A refusal (4xx with a Status) is a StatusError instead. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What went wrong, as a value: `status` is the HTTP code, 0 when there was no answer. `fields` names conflicts of server-side apply. */
export type ApiFailure = {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly unreachable: boolean;
  readonly kind?: string;
  readonly causes: readonly { readonly reason: string; readonly field: string; readonly message: string }[];
  readonly retryAfterMs?: number;
};

/** Any thrown value as an {@link ApiFailure}. */
export const failureOf = (error: unknown): ApiFailure => {
  if (error instanceof StatusError) {
    const { details } = error.status;
    return {
      status: error.code,
      reason: error.reason === '' ? `Http${error.code}` : error.reason,
      message: error.message,
      // A 500 is often one object's own trouble, such as an admission webhook that fails.
      unreachable: error.code === 429 || error.code === 503 || error.code === 504,
      ...(details?.kind === undefined ? {} : { kind: details.kind }),
      causes: (details?.causes ?? []).map((cause) => ({
        reason: cause.reason ?? '',
        field: cause.field ?? '',
        message: cause.message ?? '',
      })),
      ...(details?.retryAfterSeconds === undefined ? {} : { retryAfterMs: details.retryAfterSeconds * 1_000 }),
    };
  }
  const reason = error instanceof ApiError ? error.code : 'Unreachable';
  return { status: 0, reason, message: messageOf(error), unreachable: true, causes: [] };
};

/** True when another try of the same write may succeed. */
export const isPassing = ({ status, unreachable }: Pick<ApiFailure, 'status' | 'unreachable'>): boolean =>
  unreachable || status >= 500 || status === 409 || status === 429;
