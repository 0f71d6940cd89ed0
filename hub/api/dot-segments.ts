/** @module Names that a URL would swallow: `.` and `..` as parts of a path, written plainly or escaped. */
import { StatusError } from '../../shared/kube/status-error.ts';

/** Backslashes too are slashes to whoever parses a URL as browsers do. */
const dotSegment = /[/\\]((?:\.|%2e){1,2})(?=[/\\?]|$)/i;

/**
 * The refusal of a request line whose path has such a part, or a backslash: whoever reads it as a URL would act on what stands above, and
 * `DELETE …/configmaps/%2e` would delete them all. @param target as it stands in the request line, before anything has parsed it.
 */
export const dotSegmentRefusal = (target: string): StatusError | undefined => {
  const path = target.split('?', 1)[0] ?? '';
  const found = dotSegment.exec(path)?.[1];
  if (found !== undefined) {
    const name = found.replace(/%2e/gi, '.');
    return new StatusError(400, 'BadRequest', `Name parameter invalid: ${JSON.stringify(name)}: may not be '${name}'`);
  }
  if (!path.includes('\\')) return undefined;
  return new StatusError(400, 'BadRequest', 'a backslash in a path has to be written as %5C');
};
