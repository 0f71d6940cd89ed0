/** @module Which hub a command speaks to when none is named. */
import { expect, test } from 'vitest';
import { hubKubeconfigs } from './connect.ts';

test.each([
  ['nothing set', {}, ['.hanse/kubeconfig', '.hanse/hub/kubeconfig']],
  ['what other programs use comes last', { KUBECONFIG: '/k/a:/k/b' }, ['.hanse/kubeconfig', '.hanse/hub/kubeconfig', '/k/a']],
  ["what is said to be the hub's comes first", { HANSE_HUB_KUBECONFIG: '/hub' }, ['/hub', '.hanse/kubeconfig', '.hanse/hub/kubeconfig']],
  ['empty is not set', { HANSE_HUB_KUBECONFIG: '', KUBECONFIG: '' }, ['.hanse/kubeconfig', '.hanse/hub/kubeconfig']],
])('a command finds the hub of `npm start` and of `hanse hub` in its folder: %s', (_what, variables, files) => {
  expect(hubKubeconfigs(variables)).toEqual(files);
});
