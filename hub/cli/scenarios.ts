/** @module `hanse plan --test DIR`: runs a folder of scenarios and tells which of them hold. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readScenario, runScenario, type ScenarioResult } from '../../shared/plan/index.ts';
import { type Paint, painter } from './colour.ts';
import { type CliContext, UsageError } from './context.ts';
import { readFiles } from './fit-input.ts';
import { printAs } from './print-as.ts';

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

/** One scenario as `-o json` prints it. */
type ScenarioRun = {
  /** Its file. */
  readonly name: string;
  readonly pass: boolean;
  /** What was expected (`- `), what came (`+ `) and why, line by line; of a scenario that cannot be run what is wrong with it. */
  readonly difference: readonly string[];
};

const linesOf = ({ name, pass, difference }: ScenarioRun, paint: Paint): string[] => [
  pass ? `${paint('pass', 'good')}  ${name}` : `${paint('FAIL', 'bad')}  ${name}`,
  ...difference.map((line) => paint(`      ${line}`, line.startsWith('- ') ? 'good' : 'bad')),
];

const scenarioLines = (runs: readonly ScenarioRun[], paint: Paint): string[] => {
  const held = runs.filter(({ pass }) => pass).length;
  const sum = `${held} of ${runs.length} scenarios hold`;
  return [...runs.flatMap((run) => linesOf(run, paint)), '', paint(sum, held < runs.length ? 'bad' : 'good')];
};

/** What came of one file; one that cannot be read does not hold. */
const runOf = async (path: string): Promise<ScenarioRun> => {
  try {
    const result = await resultOf(path);
    return { name: path, pass: result.ok, difference: result.ok ? [] : result.faults };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { name: path, pass: false, difference: [error.message] };
  }
};

/** Runs the scenarios of a folder and tells of them; answers 0 when all hold, else 1. @throws UsageError when there are none. */
export const runScenarios = async (
  context: Pick<CliContext, 'print' | 'isColoured'>,
  path: string,
  output: string | undefined,
): Promise<0 | 1> => {
  const scenarios: ScenarioRun[] = [];
  for (const file of await filesOf(path)) scenarios.push(await runOf(file));
  printAs(context, { scenarios }, output, () => scenarioLines(scenarios, painter(context.isColoured === true)));
  return scenarios.every(({ pass }) => pass) ? 0 : 1;
};
