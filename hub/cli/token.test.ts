/** @module What `hanse token create` prints. */
import { expect, test } from 'vitest';
import { joinLines } from './token.ts';

const made = { hub: 'https://hub.example:7443', caHash: 'sha256:ab', token: 'join-x.secret' };

test('the join command comes with what is to be added for policies that choose by labels, and for failover by datagrams', () => {
  expect(joinLines(made, {})).toEqual([
    'Run this where the new cluster can be reached (the token is shown only now):',
    '',
    '  hanse join --hub https://hub.example:7443 --ca-hash sha256:ab \\',
    '    --token join-x.secret --name CLUSTER --kubeconfig FILE',
    '',
    'Policies choose by labels: add --label hanse.dev/provider=NAME --label topology.kubernetes.io/region=NAME to set them.',
    'For failover with the broker dead too, add --mesh-listen 0.0.0.0:7472 --mesh-address HOST (UDP; HOST is what the other agents reach it by).',
    'Then let it in:  hanse approve CLUSTER',
  ]);
});

test('labels that the token gives are not asked for again, and who is let in at once needs no approval', () => {
  const lines = joinLines(made, { labels: { 'hanse.dev/provider': 'aws' }, autoApprove: true });
  expect(lines.filter((line) => line.includes('--label'))).toEqual([]);
  expect(lines.at(-1)).toBe('It is let in at once.');
});
