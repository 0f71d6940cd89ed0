/** @module kubectl against the API server: the verbs people use, word by word. The kubectl is the testbed's. */
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTestbed } from '../testbed/index.ts';
import { type ConformanceServer, startConformanceServer } from './conformance-server.ts';

let server: ConformanceServer;
let home: string;
let kubectlPath: string;
beforeAll(async () => {
  kubectlPath = (await ensureTestbed()).tools.kubectl;
  server = await startConformanceServer();
  home = mkdtempSync(join(tmpdir(), 'hanse-kubectl-'));
});
afterAll(async () => {
  await server.close();
  rmSync(home, { recursive: true });
});

type Ran = { readonly out: string; readonly err: string; readonly code: number };

const kubectl = (args: string, input = ''): Promise<Ran> =>
  new Promise((resolve) => {
    const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: server.kubeconfig };
    const child = execFile(kubectlPath, args.split(' '), { env, timeout: 60_000 }, (error: ExecFileException | null, out, err) => {
      resolve({ out, err, code: typeof error?.code === 'number' ? error.code : 0 });
    });
    child.stdin?.end(input);
  });
const out = async (args: string, input?: string): Promise<string> => {
  const ran = await kubectl(args, input);
  expect(ran).toMatchObject({ err: '', code: 0 });
  return ran.out.trim();
};

const web = (image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: front, image: "${image}"}]}
`;

describe('kubectl', () => {
  it('creates, gets, labels and deletes', async () => {
    expect(await out('create configmap a --from-literal=x=1')).toBe('configmap/a created');
    expect(await out('label configmap a tier=front')).toBe('configmap/a labeled');
    expect((await out('get configmap -l tier=front --no-headers')).split(/ +/).slice(0, 2)).toEqual(['a', '1']);
    expect(await out('delete configmap a')).toBe('configmap "a" deleted from default namespace');
    expect(await kubectl('get configmap a')).toMatchObject({ err: 'Error from server (NotFound): configmaps "a" not found\n', code: 1 });
  });

  it('applies a Deployment, shows its diff, scales it and waits for it', async () => {
    expect(await out('apply -f -', web('nginx:1'))).toBe('deployment.apps/web created');
    expect(await out('apply -f -', web('nginx:1'))).toBe('deployment.apps/web unchanged');
    expect((await kubectl('diff -f -', web('nginx:2'))).out).toContain('+      - image: nginx:2');
    expect(await out('apply -f -', web('nginx:2'))).toBe('deployment.apps/web configured');
    expect(await out('scale deployment web --replicas=3')).toBe('deployment.apps/web scaled');
    expect(await out('get deployment web -o jsonpath={.spec.replicas}{.metadata.generation}')).toBe('33');
    const waiting = out('wait deployment/web --for=jsonpath={.status.readyReplicas}=3 --timeout=30s');
    await out('patch deployment web --subresource=status --type=merge -p {"status":{"replicas":3,"readyReplicas":3}}');
    expect(await waiting).toBe('deployment.apps/web condition met');
    expect(await out('delete deployment web')).toBe('deployment.apps "web" deleted from default namespace');
  });

  it('applies on the server side and names who owns what', async () => {
    const body = (value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ssa}\ndata: {x: "${value}"}\n`;
    expect(await out('apply --server-side --field-manager=one -f -', body('1'))).toBe('configmap/ssa serverside-applied');
    const refused = await kubectl('apply --server-side --field-manager=two -f -', body('2'));
    expect(refused.err).toContain('Apply failed with 1 conflict: conflict with "one": .data.x');
    expect(await out('apply --server-side --field-manager=two --force-conflicts -f -', body('2'))).toBe('configmap/ssa serverside-applied');
    expect(await out('get configmap ssa -o jsonpath={.metadata.managedFields[*].manager} --show-managed-fields')).toBe('two');
  });

  it.each([
    ['json', '[{"op":"add","path":"/data","value":{"a":"1"}}]'],
    ['merge', '{"data":{"b":"2"}}'],
    ['strategic', '{"data":{"c":"3"}}'],
  ])('patches: %s', async (type, patch) => {
    const name = `patched-${type}`;
    await out(`create configmap ${name}`);
    expect(await out(`patch configmap ${name} --type=${type} -p ${patch}`)).toBe(`configmap/${name} patched`);
  });

  it('refuses what is wrong, naming the field', async () => {
    const bad = web('nginx').replace('selector:', 'selectr: {}\n  selector:');
    expect((await kubectl('create -f -', bad)).err).toContain('strict decoding error: unknown field "spec.selectr"');
    expect((await kubectl('create configmap Bad_Name')).err).toContain('metadata.name: Invalid value: "Bad_Name"');
  });

  it('watches changes as they come', async () => {
    await out('create configmap watched');
    const watching = kubectl('get configmap watched --watch --output-watch-events --request-timeout=3s --no-headers');
    await out('label configmap watched x=y');
    expect((await watching).out).toMatch(/ADDED/);
  });

  it('makes and ends a namespace with all that is in it', async () => {
    expect(await out('create namespace shop')).toBe('namespace/shop created');
    await out('create configmap a -n shop');
    await out('wait serviceaccount/default -n shop --for=create --timeout=30s');
    expect(await out('delete namespace shop')).toBe('namespace "shop" deleted');
    expect((await kubectl('get namespace shop')).code).toBe(1);
  });

  it('explains, and lists what is served', async () => {
    expect(await out('explain deployment.spec.replicas')).toContain('FIELD: replicas <integer>');
    expect((await out('api-resources --api-group=hanse.dev -o name')).split('\n')).toContain('clusters.hanse.dev');
  });
});
