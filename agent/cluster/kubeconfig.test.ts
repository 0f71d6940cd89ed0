/** @module How a kubeconfig is read, and what is said when it cannot be used. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { realEnv } from '../testing/env.ts';
import { parseExecCredential } from './exec-credential.ts';
import { inClusterAccess, loadKubeconfig, parseKubeconfig } from './kubeconfig.ts';

const env = realEnv();
let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-kubeconfig-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const config = (user: object, cluster: object = {}, more: object = {}): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'main',
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://k8s.example:6443/', 'certificate-authority-data': base64('CA'), ...cluster } }],
    users: [{ name: 'u', user }],
    ...more,
  });
const read = (text: string, context?: string) => parseKubeconfig(text, join(dir, 'config'), env, context);

describe('a kubeconfig', () => {
  test('gives server, trust and token', async () => {
    const access = await read(config({ token: 't' }, { 'tls-server-name': 'other.example' }));
    expect(access).toMatchObject({ server: 'https://k8s.example:6443', ca: 'CA', serverName: 'other.example', skipTlsVerify: false });
    expect(await access.credentials()).toEqual({ bearer: 't' });
    expect(access.source).toContain('context main');
  });

  test('gives a client certificate, from data or from files beside it', async () => {
    await writeFile(join(dir, 'u.crt'), 'CERT');
    const access = await read(config({ 'client-certificate': 'u.crt', 'client-key-data': base64('KEY') }));
    expect(await access.credentials()).toEqual({ cert: 'CERT', key: 'KEY' });
  });

  test('gives user name and password', async () => {
    expect(await (await read(config({ username: 'me', password: 'p' }))).credentials()).toEqual({
      basic: { username: 'me', password: 'p' },
    });
  });

  test('a token file is read again when the server refuses the old token', async () => {
    const file = join(dir, 'token');
    await writeFile(file, 'one\n');
    const access = await read(config({ tokenFile: 'token' }));
    expect(await access.credentials()).toEqual({ bearer: 'one' });
    await writeFile(file, 'two\n');
    access.refused();
    expect(await access.credentials()).toEqual({ bearer: 'two' });
  });

  test('an exec plugin is asked for the token, and told who asks', async () => {
    const plugin = join(dir, 'plugin.sh');
    await writeFile(plugin, `#!/bin/sh\necho "{\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"$1-$WHO\\"}}"\n`);
    await chmod(plugin, 0o755);
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './plugin.sh',
      args: ['hello'],
      env: [{ name: 'WHO', value: 'me' }],
    };
    expect(await (await read(config({ exec }))).credentials()).toEqual({ bearer: 'hello-me' });
  });

  test('an exec plugin that is missing is told with its hint', async () => {
    const exec = { command: 'no-such-plugin-here', installHint: 'install it from example.com' };
    await expect((await read(config({ exec }))).credentials()).rejects.toThrow(/no-such-plugin-here.*install it from example.com/s);
  });

  test.each([
    ['is not YAML', 'a: [', /is not YAML/],
    ['has no current context', config({}, {}, { 'current-context': '' }), /has no current-context/],
    ['names a context that is not there', config({}, {}, { 'current-context': 'x' }), /no context named x/],
    ['names a user that is not there', config({}, {}, { users: [] }), /no user named u/],
    ['has no server', config({}, { server: '' }), /server of context main is not a URL/],
    ['has half a client certificate', config({ 'client-certificate-data': base64('C') }), /both client-certificate and client-key/],
    ['uses a removed auth provider', config({ 'auth-provider': { name: 'gcp' } }), /use an exec plugin \(gcp\)/],
  ])('that %s is refused with what to mend', async (_what, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  test('that is not there is named', async () => {
    await expect(loadKubeconfig(join(dir, 'nowhere'), env)).rejects.toThrow(/cannot read the kubeconfig .*nowhere/);
  });
});

describe("a pod's service account", () => {
  test('gives server, CA and token', async () => {
    await writeFile(join(dir, 'ca.crt'), 'CA');
    await writeFile(join(dir, 'token'), 'abc');
    const access = await inClusterAccess({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }, env, dir);
    expect(access).toMatchObject({ server: 'https://[fd00::1]:443', ca: 'CA' });
    expect(await access.credentials()).toEqual({ bearer: 'abc' });
  });

  test('is missed outside a pod in words', async () => {
    await expect(inClusterAccess({}, env, dir)).rejects.toThrow(/not in a pod.*give a kubeconfig of the cluster with --kubeconfig FILE/);
  });
});

test.each(['', '[]', 'null', '{"status":{}}', '{"status":{"clientCertificateData":"x"}}'])(
  'an exec plugin that answers %j is refused',
  (output) => {
    expect(() => parseExecCredential(output, 'plugin')).toThrow(/exec plugin plugin answered/);
  },
);
