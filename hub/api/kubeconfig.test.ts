/** @module Kubeconfigs as kubectl reads them. */
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { kubeconfigText } from './kubeconfig.ts';

it('holds one context with the server, its CA and the credentials inside', () => {
  const base = { name: 'hanse', serverUrl: 'https://127.0.0.1:6443', caPem: 'CA' };
  const withToken = parse(kubeconfigText({ ...base, token: 'secret' }));
  expect(withToken).toMatchObject({
    kind: 'Config',
    'current-context': 'hanse',
    clusters: [{ name: 'hanse', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': 'Q0E=' } }],
    users: [{ name: 'hanse', user: { token: 'secret' } }],
  });
  const withClient = parse(kubeconfigText({ ...base, client: { certificatePem: 'C', privateKeyPem: 'K' } }));
  expect(withClient.users[0].user).toEqual({ 'client-certificate-data': 'Qw==', 'client-key-data': 'Sw==' });
});
