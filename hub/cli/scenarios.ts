/** @module `hanse plan --test DIR`: runs a folder of scenarios and tells which of them hold. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readScenario, runScenario, type ScenarioResult } from '../../shared/plan/index.ts';
import { type Paint, painter } from './colour.ts';
import { type CliContext, UsageError } from './context.ts';
import { readFiles } from './fit-input.ts';

/** Scenarios in one folder; more are refused. */
const scenariosMax = 1_000;

const isScenario = (name: string): boolean => /\.(ya?ml|json)$/.test(name);

/** The scenario files of a folder, or the one file named. @throws UsageError */
const filesOf = async (path: string): Promise<string[]> => {
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch {
    throw new UsageError(`--test ${path}: no such folder`);
  }
  if (isFile) return [path];
  const names = (await readdir(path)).filter(isScenario).sort();
  if (names.length === 0)
    throw new UsageError(`--test ${path}: no scenario in it; a scenario is a .yaml file with clusters, objects and expect`);
  if (names.length > scenariosMax)
    throw new UsageError(`--test ${path}: ${names.length} scenarios are more than the ${scenariosMax} run at once`);
  return names.map((name) => join(path, name));
};

/** Reads what a scenario names, runs it and compares. */
const resultOf = async (path: string): Promise<ScenarioResult> => {
  const [file] = await readFiles([path]);
  const documents = file?.documents ?? [];
  if (documents.length !== 1) return { ok: false, faults: [`a scenario is one YAML document, there are ${documents.length}`] };
  const scenario = readScenario(documents[0]);
  if (!scenario.ok) return { ok: false, faults: [scenario.message] };
  const read = async (paths: readonly string[]): Promise<unknown[]> =>
    (await readFiles(paths.map((name) => join(dirname(path), name)))).flatMap(({ documents: found }) => found);
  const dumps: Record<string, unknown[]> = {};
  for (const [cluster, { dumps: named }] of Object.entries(scenario.value.clusters)) dumps[cluster] = await read(named);
  return runScenario(scenario.value, { dumps, objects: await read(scenario.value.files) }, { nowMs: 0 });
};

const linesOf = (path: string, result: ScenarioResult, paint: Paint): string[] =>
  result.ok
    ? [`${paint('pass', 'good')}  ${path}`]
    : [
        `${paint('FAIL', 'bad')}  ${path}`,
        ...result.faults.map((fault) => paint(`      ${fault}`, fault.startsWith('- ') ? 'good' : 'bad')),
      ];

/** Runs the scenarios of a folder; answers 0 when all hold, else 1. @throws UsageError when there are none. */
export const runScenarios = async (context: Pick<CliContext, 'print' | 'isColoured'>, path: string): Promise<0 | 1> => {
  const paint = painter(context.isColoured === true);
  let failed = 0;
  const files = await filesOf(path);
  for (const file of files) {
    let result: ScenarioResult;
    try {
      result = await resultOf(file);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      result = { ok: false, faults: [error.message] };
    }
    if (!result.ok) failed += 1;
    for (const line of linesOf(file, result, paint)) context.print(line);
  }
  context.print('');
  context.print(paint(`${files.length - failed} of ${files.length} scenarios hold`, failed > 0 ? 'bad' : 'good'));
  return failed === 0 ? 0 : 1;
};
