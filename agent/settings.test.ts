/** @module The agent's environment variables and its manifest agree, and mistakes are named. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../shared/kube/object.ts';
import { present } from '../shared/lib/index.ts';
import { agentManifest, manifestObjects } from './manifest.ts';
import { readSettings, settingsHelp } from './settings.ts';
import { AGENT_VERSION } from './version.ts';

const options = {
  cluster: 'eu',
  hubUrl: 'https://hub.example:6443',
  hubCa: 'PEM\n',
  token: 't',
  image: 'example.com/agent:1',
  labels: { tier: 'gold' },
};

describe('settings', () => {
  test.each([
    [{}, /HANSE_CLUSTER is not set: name of this cluster/],
    [{ HANSE_CLUSTER: '../eu', HANSE_HUB: 'h' }, /HANSE_CLUSTER: "\.\.\/eu" is not a cluster name: use 1 to 63 of a-z/],
    [{ HANSE_CLUSTER: 'eu' }, /HANSE_HUB is not set/],
    [{ HANSE_CLUSTER: 'eu', HANSE_HUB: 'h', HANSE_LABELS: 'gold' }, /HANSE_LABELS: gold is not key=value/],
    [{ HANSE_CLUSTER: 'eu', HANSE_HUB: 'h', HANSE_LOG_LEVEL: 'loud' }, /HANSE_LOG_LEVEL is loud/],
    [{ HANSE_CLUSTER: 'eu', HANSE_HUB: 'h', HANSE_READ_KUBELET_CONFIG: 'yes' }, /HANSE_READ_KUBELET_CONFIG is yes: write true or false/],
    [{ HANSE_CLUSTER: 'eu', HANSE_HUB: 'h', HANSE_DNS_LISTEN: '53' }, /HANSE_DNS_LISTEN is 53: write it as host:port, such as 0.0.0.0:53/],
    [
      { HANSE_CLUSTER: 'eu', HANSE_HUB: 'h', HANSE_DNS_ADDRESSES: '192.0.2.1' },
      /HANSE_DNS_LISTEN is not: nothing would be listening there/,
    ],
    [
      { HANSE_CLUSTER: 'eu', HANSE_HUB: 'h', HANSE_DNS_LISTEN: '0.0.0.0:53', HANSE_DNS_ADDRESSES: 'ns.example' },
      /ns.example is no IP address, and name servers are told by address/,
    ],
  ])('%j is refused with what to mend', (environment, message) => {
    expect(() => readSettings(environment)).toThrow(message);
  });

  test('labels are key=value pairs', () => {
    const { labels } = readSettings({ HANSE_CLUSTER: 'eu', HANSE_HUB: 'h', HANSE_LABELS: 'a=1, b=x=y' });
    expect(labels).toEqual({ a: '1', b: 'x=y' });
  });
});

describe('the manifest', () => {
  test('sets only variables that the agent reads, and all that it must have', () => {
    const spec = present(manifestObjects(options).at(-1)?.spec, 'the Deployment') as {
      template: { spec: { containers: { env: { name: string; value?: string }[] }[] } };
    };
    const { containers } = spec.template.spec;
    const variables = containers[0]?.env ?? [];
    expect(variables.filter(({ name }) => !(name in settingsHelp))).toEqual([]);
    const environment = Object.fromEntries(variables.map(({ name, value }) => [name, value ?? 'from a Secret']));
    expect(readSettings(environment)).toMatchObject({
      cluster: 'eu',
      hubUrl: options.hubUrl,
      labels: { tier: 'gold' },
      hubCaFile: '/etc/hanse/hub-ca.crt',
    });
  });

  test('an agent that is to hear the others and answer names gets its ports of the node, and may open low ones', () => {
    const listening = { host: '0.0.0.0', addresses: ['192.0.2.7'] };
    const asked = { ...options, mesh: { ...listening, port: 7_472 }, dns: { ...listening, port: 53 }, logLevel: 'debug' };
    const spec = present(manifestObjects(asked).at(-1)?.spec, 'the Deployment') as {
      template: { spec: { securityContext: object; containers: { env: { name: string; value?: string }[]; ports: object[] }[] } };
    };
    const { containers, securityContext } = spec.template.spec;
    const environment = Object.fromEntries(containers[0]?.env.map(({ name, value }) => [name, value ?? 'from a Secret']) ?? []);
    expect(readSettings(environment)).toMatchObject({ mesh: asked.mesh, dns: asked.dns, logLevel: 'debug' });
    expect(containers[0]?.ports).toEqual([
      { name: 'mesh', protocol: 'UDP', containerPort: 7_472, hostPort: 7_472 },
      { name: 'dns', protocol: 'UDP', containerPort: 53, hostPort: 53 },
      { name: 'dns-tcp', protocol: 'TCP', containerPort: 53, hostPort: 53 },
    ]);
    expect(securityContext).toMatchObject({ sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] });
  });

  test('grants the proxy of nodes only to an agent that is to read the configuration of kubelets', () => {
    const granted = (objects: readonly KubeObject[]): boolean => JSON.stringify(objects).includes('nodes/proxy');
    expect(granted(manifestObjects(options))).toBe(false);
    const objects = manifestObjects({ ...options, readKubeletConfig: true });
    expect(objects.filter(({ kind }) => kind === 'ClusterRole').map(({ metadata }) => metadata.name)).toContain('hanse-agent-kubelets');
    expect(granted(objects)).toBe(true);
    expect(agentManifest({ ...options, readKubeletConfig: true })).toContain('HANSE_READ_KUBELET_CONFIG');
  });

  test('is plain YAML: every document is read back as it was made', () => {
    const documents = parseAllDocuments(agentManifest(options)).map((document) => document.toJS());
    expect(documents).toEqual(manifestObjects(options));
    expect(agentManifest(options)).not.toMatch(/[&*]a\d/);
  });

  test('lets the agent read what pods use, and nothing else of metrics', () => {
    const rules = manifestObjects(options).flatMap((object) => (object.rules ?? []) as { apiGroups: string[] }[]);
    expect(rules.filter(({ apiGroups }) => apiGroups.includes('metrics.k8s.io'))).toEqual([
      { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['get', 'list'] },
    ]);
  });

  test('asks for no wildcard and no write on nodes', () => {
    const rules = manifestObjects(options).flatMap((object) => (object.rules ?? []) as { resources: string[]; verbs: string[] }[]);
    expect(rules.flatMap(({ resources, verbs }) => [...resources, ...verbs])).not.toContain('*');
    expect(rules.filter(({ resources }) => resources.includes('nodes')).flatMap(({ verbs }) => verbs)).toEqual(['get', 'list', 'watch']);
  });
});

test('the agent says the version of the package', async () => {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  expect(AGENT_VERSION).toBe((JSON.parse(text) as { version: string }).version);
});
