/** @module What `hanse plan`, `what-if` and `fit` say to scripts when something is wrong, and of cases of a batch. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CliContext } from './context.ts';
import { runFit } from './fit.ts';
import { planBatch, runPlan } from './plan.ts';
import { runWhatIf } from './what-if.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plan-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

const policy = {
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] },
};

/** What a command printed before it failed, and why it did. */
const failed = async (run: (context: CliContext) => Promise<unknown>): Promise<{ printed: string[]; message: string }> => {
  const printed: string[] = [];
  const context: CliContext = {
    connect: () => Promise.reject(new Error('no hub')),
    print: (line) => void printed.push(line),
    nowMs: () => 0,
    endWith: () => undefined,
  };
  try {
    await run(context);
  } catch (error) {
    return { printed, message: error instanceof Error ? error.message : '' };
  }
  return { printed, message: 'it did not fail' };
};

describe('a command that fails', () => {
  it.each<[string, string, (context: CliContext, path: string) => Promise<unknown>]>([
    ['fit --batch of no JSON', '{', (context, batch) => runFit(context, { batch })],
    ['fit --batch without cases', '{}', (context, batch) => runFit(context, { batch })],
    ['fit -o json without a shape', '{}', (context, path) => runFit(context, { filename: [path], output: 'json' })],
    ['plan --batch of no JSON', '{', (context, batch) => runPlan(context, { batch })],
    ['plan --batch without cases', '[]', (context, batch) => runPlan(context, { batch })],
    ['plan -o json without a hub', '{}', (context, path) => runPlan(context, { filename: [path], output: 'json' })],
    ['plan --test -o json without scenarios', '', (context) => runPlan(context, { test: join(folder, 'none'), output: 'json' })],
    ['what-if -o json of nothing', '', (context) => runWhatIf(context, { output: 'json' })],
  ])('prints {"error"} where JSON is asked for: %s', async (name, text, run) => {
    const path = await file(`${name.replaceAll(/\W/g, '-')}.json`, text);
    const { printed, message } = await failed((context) => run(context, path));
    expect(printed.map((line) => JSON.parse(line))).toEqual([{ error: message }]);
  });

  it('prints nothing but its sentence where text is', async () => {
    expect((await failed((context) => runFit(context, { output: 'text' }))).printed).toEqual([]);
  });
});

describe('an offline plan', () => {
  it.each<[string, (context: CliContext, path: string) => Promise<unknown>]>([
    ['plan', (context, path) => runPlan(context, { filename: [path], offline: true })],
    ['what-if', (context, path) => runWhatIf(context, { filename: [path], offline: true, every: true })],
  ])('of no cluster names the option that gives one: %s', async (_, run) => {
    const path = await file('policy.json', JSON.stringify(policy));
    expect((await failed((context) => run(context, path))).message).toBe(
      '--offline knows of no cluster: give --cluster NAME=DUMP of each, or Clusters in the files',
    );
  });
});

describe('a case of a batch', () => {
  it.each<[string, object, string]>([
    ['an object without a kind', { clusters: {}, objects: [{}] }, 'cases[0].objects[0].kind: say what the object is'],
    [
      'a field of an object',
      { clusters: {}, objects: [{ ...policy, spec: { ...policy.spec, suspend: 3 } }] },
      'cases[0]: PlacementPolicy shop/web: unknown field "spec.suspend"',
    ],
    ['a dump', { clusters: { a: [3] }, objects: [] }, 'cases[0]: cluster a: '],
    ['no list of objects', { clusters: {} }, 'cases[0].objects: a list of objects is wanted'],
  ])('says where it is what is wrong with %s', (_, one, message) => {
    expect(planBatch({ cases: [one] }, 0).results).toEqual([{ name: 'case 0', error: expect.stringContaining(message) }]);
  });
});
