/** @module `hanse plan --test`: the scenarios that are shipped hold, and one that does not says what came instead. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runScenarios } from './scenarios.ts';

const run = async (path: string, output?: string): Promise<{ code: number; lines: string[] }> => {
  const lines: string[] = [];
  const code = await runScenarios({ print: (line) => void lines.push(line) }, path, output);
  return { code, lines };
};

const scenario = (more: string): string => `
clusters:
  a: {nodes: [{count: 1, cpu: 4, memory: 8Gi}]}
objects:
- apiVersion: hanse.dev/v1alpha1
  kind: PlacementPolicy
  metadata: {namespace: shop, name: web}
  spec: {resourceSelectors: [{apiVersion: apps/v1, kind: Deployment}]}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {namespace: shop, name: web}
  spec:
    replicas: 5
    selector: {matchLabels: {app: web}}
    template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: b, resources: {requests: {cpu: "1"}}}]}}
${more}`;

describe('plan --test', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hanse-scenarios-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('holds for every scenario that is shipped', async () => {
    const { code, lines } = await run('deploy/local/examples/plans');
    expect(lines.filter((line) => !line.startsWith('pass'))).toEqual(['', '10 of 10 scenarios hold']);
    expect(code).toBe(0);
  });

  it('tells what was expected and what came, and ends with 1', async () => {
    const path = file('wrong.yaml', scenario('expect: {placements: {deployment/web: {a: 5}}}'));
    const { code, lines } = await run(path);
    expect(lines).toEqual([
      `FAIL  ${path}`,
      '      - deployment/web: a 5',
      '      + deployment/web: a 4, unplaced 1',
      '        1 of 5 replicas unplaced: capacity in 1 cluster (cpu)',
      '',
      '0 of 1 scenarios hold',
    ]);
    expect(code).toBe(1);
  });

  it('tells scripts the same as JSON', async () => {
    const two = mkdtempSync(join(folder, 'json-'));
    writeFileSync(join(two, 'a.yaml'), scenario('expect: {placements: {deployment/web: {a: 4, unplaced: 1}}}'));
    writeFileSync(join(two, 'b.yaml'), 'nothing: true');
    const { code, lines } = await run(two, 'json');
    expect(JSON.parse(lines.join('\n'))).toEqual({
      scenarios: [
        { name: join(two, 'a.yaml'), pass: true, difference: [] },
        { name: join(two, 'b.yaml'), pass: false, difference: [expect.stringContaining('nothing: no such field')] },
      ],
    });
    expect(code).toBe(1);
  });

  it.each([
    ['a field that is none', 'expected: {}', /expected: no such field; known are about, clusters/],
    ['nothing expected', '', /expect: say what is expected/],
    ['an object that is not there', 'expect: {placements: {deployment/wep: {a: 1}}}', /deployment\/wep: no policy selects such an object/],
    ['a cluster to lose that is not there', 'lose: [b]\nexpect: {moved: 0}', /no cluster "b"; known are a/],
  ])('says so of %s', async (name, more, message) => {
    const { code, lines } = await run(file(`${name.replaceAll(' ', '-')}.yaml`, scenario(more)));
    expect(lines.join('\n')).toMatch(message);
    expect(code).toBe(1);
  });

  it('refuses a folder without scenarios', async () => {
    await expect(run(mkdtempSync(join(folder, 'empty-')))).rejects.toThrow(/no scenario in it/);
  });
});
