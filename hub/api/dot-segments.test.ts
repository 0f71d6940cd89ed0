/** @module Names of dots. */
import { expect, test } from 'vitest';
import { dotSegmentRefusal } from './dot-segments.ts';

test.each([
  ['/api/v1/namespaces/yy/configmaps/%2e', 'Name parameter invalid: ".": may not be \'.\''],
  ['/api/v1/namespaces/yy/configmaps/%2E.', 'Name parameter invalid: "..": may not be \'..\''],
  ['/api/v1/namespaces/yy/configmaps/..?watch=1', 'Name parameter invalid: "..": may not be \'..\''],
  ['/api/v1/namespaces/../namespaces/zz', 'Name parameter invalid: "..": may not be \'..\''],
  ['/api/v1/namespaces/yy/configmaps/a\\..\\b', 'Name parameter invalid: "..": may not be \'..\''],
  ['/api/v1/namespaces/yy/configmaps/a\\b', 'a backslash in a path has to be written as %5C'],
])('%s is refused before anybody resolves it', (target, message) => {
  expect(dotSegmentRefusal(target)).toMatchObject({ code: 400, message });
});

test.each([
  '/api/v1/namespaces/yy/configmaps/kube-root-ca.crt',
  '/api/v1/namespaces/yy/configmaps/...',
  '/api/v1/namespaces/yy/configmaps?fieldSelector=metadata.name%3D..',
  '/api/v1/namespaces/yy/configmaps?continue=/../x',
])('%s goes on', (target) => {
  expect(dotSegmentRefusal(target)).toBeUndefined();
});
