/** @module What is said of a member that does not take the agent. */
import { expect, test } from 'vitest';
import { StatusError } from '../../shared/kube/status-error.ts';
import { troubleText } from './health.ts';

test.each([
  [
    new StatusError(401, 'Unauthorized', 'Unauthorized'),
    'Unauthorized: the credentials of context a of /k are not valid there, or no more: put valid ones in',
  ],
  [new Error('connect ECONNREFUSED'), 'connect ECONNREFUSED (address and credentials are those of context a of /k)'],
])('%s names whose address and credentials are used, and the mend', (error, text) => {
  expect(troubleText({ source: 'context a of /k' }, error)).toBe(text);
});
