/**
 * @module Writes what the hub must know of the built-in kinds, learnt from the testbed's real kube-apiserver.
 *
 *     node test/testbed/generate-builtin.ts            # writes shared/kube/builtin/data/{openapi,discovery,defaults,types}.json
 *     node test/testbed/generate-builtin.ts --check    # writes nothing; fails when a file would change or the data mispredicts a probe
 *
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { checkPredictions, type Known } from './builtin/check.ts';
import { type Exchange, learnDefaults, type RuledBy } from './builtin/defaults.ts';
import { type Discovery, readDiscovery } from './builtin/discovery.ts';
import { dataRules, namedRules } from './builtin/rules.ts';
import { definitionOf, fieldShape, readSchemas, type Schemas } from './builtin/schemas.ts';
import { isObject, type Json, type JsonObject, stableJson } from './builtin/stable-json.ts';
import { readTypes } from './builtin/types.ts';
import { type ApiCall, startMember } from './index.ts';

const here = import.meta.dirname;
const outDirDefault = resolve(here, '..', '..', 'shared', 'kube', 'builtin', 'data');

const readProbes = async (): Promise<JsonObject[]> => {
  const documents = parseAllDocuments(await readFile(join(here, 'builtin', 'probes.yaml'), 'utf8'));
  return ('empty' in documents ? [] : documents).map((document) => document.toJS() as JsonObject);
};

const probePath = (discovery: Discovery, probe: JsonObject): string => {
  const apiVersion = String(probe.apiVersion);
  const resource = discovery.resources[apiVersion]?.find((one) => one.kind === probe.kind && !String(one.name).includes('/'));
  if (!resource) throw new Error(`probes.yaml: ${apiVersion} ${String(probe.kind)} is not served`);
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${resource.namespaced === true ? '/namespaces/default' : ''}/${String(resource.name)}?dryRun=All&fieldValidation=Strict`;
};

/** Sends every probe. @throws when the server refuses one: a probe that says nothing must be mended. */
const sendProbes = async (call: ApiCall, schemas: Schemas, discovery: Discovery): Promise<Exchange[]> => {
  const exchanges: Exchange[] = [];
  const refused: string[] = [];
  for (const sent of await readProbes()) {
    const metadata = isObject(sent.metadata) ? sent.metadata : {};
    const name = `${String(sent.apiVersion)} ${String(sent.kind)} ${String(metadata.name ?? '')}`.trim();
    const definition = definitionOf(schemas, String(sent.apiVersion), String(sent.kind));
    const answer = await call('POST', probePath(discovery, sent), { body: sent });
    if (answer.status >= 300 || !isObject(answer.body))
      refused.push(`${name}: ${isObject(answer.body) ? String(answer.body.message) : answer.status}`);
    else if (!definition) refused.push(`${name}: no OpenAPI schema`);
    else exchanges.push({ name, definition, sent, answered: answer.body });
  }
  if (refused.length > 0) throw new Error(`the server refused ${refused.length} probes:\n${refused.join('\n')}`);
  return exchanges;
};

/** Which fields of which definitions the rules speak of, following their dotted paths through the schemas. */
const ruledFields = (schemas: Schemas): RuledBy => {
  const ruled = new Map<string, 'data' | 'name'>();
  const mark = (definition: string, path: readonly string[], by: 'data' | 'name'): void => {
    const [field = '', ...rest] = path;
    const shape = fieldShape(schemas, definition, field);
    if (rest.length === 0 || shape.kind === 'value') ruled.set(`${definition} ${field}`, by);
    else mark(shape.definition, rest, by);
  };
  const paths = (set: JsonObject, before: readonly string[]): (readonly string[])[] =>
    Object.entries(set).flatMap(([field, value]) =>
      isObject(value) && Object.keys(value).length > 0 ? paths(value, [...before, field]) : [[...before, field]],
    );
  for (const rule of dataRules) for (const path of paths(rule.set, [])) mark(rule.definition, path, 'data');
  for (const rule of namedRules) for (const field of rule.fields) mark(rule.definition, field.split('.'), 'name');
  return (definition, field) => ruled.get(`${definition} ${field}`);
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: { check: { type: 'boolean', default: false }, out: { type: 'string', default: outDirDefault } },
  });
  const dataDir = await mkdtemp(join(tmpdir(), 'testbed-builtin-'));
  const member = await startMember({ name: 'builtin', dataDir, parts: ['etcd', 'kube-apiserver', 'kube-controller-manager'] });
  try {
    const schemas = await readSchemas(member.call);
    const discovery = await readDiscovery(member.call);
    const exchanges = await sendProbes(member.call, schemas, discovery);
    const { defaults, conditional } = learnDefaults(schemas, exchanges, ruledFields(schemas));
    const types = await readTypes(Object.keys(discovery.resources));
    const known: Known = { schemas, data: { defaults, rules: [...dataRules, ...namedRules] }, types };
    const differences = checkPredictions(known, exchanges);
    for (const line of conditional) console.error(`conditional, needs a rule: ${line}`);
    for (const line of differences) console.error(`mispredicted: ${line}`);
    const stale = await writeAll(values.out, { ...known, discovery }, values.check);
    for (const path of stale) console.error(`${values.check ? 'would change' : 'wrote'}: ${path}`);
    console.error(`${exchanges.length} probes, ${conditional.length} conditional without a rule, ${differences.length} mispredicted`);
    return conditional.length + differences.length > 0 || (values.check && stale.length > 0) ? 1 : 0;
  } finally {
    await member.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

/** Writes the files that differ (unless `check`) and gives their paths. */
const writeAll = async (dir: string, parts: Known & { discovery: Discovery }, check: boolean): Promise<string[]> => {
  const source = 'Generated from a real kube-apiserver by test/testbed/generate-builtin.ts; do not edit.';
  const files: Record<string, string> = {
    'openapi.json': stableJson({ _source: source, schemas: parts.schemas }),
    'discovery.json': stableJson({ _source: source, ...parts.discovery } as unknown as Json),
    'defaults.json': stableJson({ _source: source, ...parts.data } as unknown as Json),
    'types.json': stableJson({ _source: source, ...parts.types } as unknown as Json),
  };
  await mkdir(dir, { recursive: true });
  const changed: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    if ((await readFile(path, 'utf8').catch(() => '')) === text) continue;
    changed.push(path);
    if (!check) await writeFile(path, text);
  }
  return changed;
};

process.exitCode = await main();
