/** @module The room rules of the house: who may import whom, and what the pure rooms may not touch. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

const sourceFiles = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));

const files = ['shared', 'hub', 'agent', 'deploy', 'test'].flatMap(sourceFiles).sort();
const isTest = (file: string): boolean => /\.test\.ts$|-contract\.ts$|\/testing\//.test(file);

const importsOf = (text: string): string[] => [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');

/** The room a path is in: `shared/kube`, `hub`, `deploy`, … */
const roomOf = (path: string): string => {
  const [top = '', second = ''] = path.split('/');
  return top === 'shared' ? `shared/${second}` : top;
};

/** Rooms that a room may import, by prefix. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'shared/lib': ['shared/lib'],
  'shared/node': ['shared/node', 'shared/lib'],
  shared: ['shared'],
  hub: ['hub', 'shared'],
  agent: ['agent', 'shared'],
  deploy: ['deploy', 'hub', 'agent', 'shared'],
  test: ['test', 'deploy', 'hub', 'agent', 'shared'],
};

const mayImport = (from: string, to: string): boolean => {
  // The rim of a Node process is for those who have one.
  if (to === 'shared/node' && from.startsWith('shared/') && from !== to) return false;
  const rule = allowed[from] ?? allowed[from.split('/')[0] ?? ''] ?? [];
  return rule.some((prefix) => to === prefix || to.startsWith(`${prefix}/`));
};

describe('rooms', () => {
  test('a room imports only the rooms below it', () => {
    const broken = files.flatMap((file) =>
      importsOf(readFileSync(join(root, file), 'utf8'))
        .filter((target) => target.startsWith('.'))
        .map((target) => relative(root, resolve(root, dirname(file), target)))
        // package.json is everyone's: it names the version.
        .filter((target) => target !== 'package.json' && !isTest(file) && !mayImport(roomOf(file), roomOf(target)))
        .map((target) => `${file} imports ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test('shared code but the rim imports no Node module, reads no clock, starts no timer and draws no chance', () => {
    const forbidden =
      /\bDate\.now\b|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bsetImmediate\(|\bMath\.random\b|\bprocess\.|\bperformance\.|from 'node:/;
    const broken = files
      .filter((file) => file.startsWith('shared/') && !file.startsWith('shared/node/') && !isTest(file))
      .flatMap((file) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .map((line, index) => ({ line, index }))
          .filter(({ line }) => !/^\s*(\/?\*|\/\/)/.test(line) && forbidden.test(line))
          .map(({ line, index }) => `${file}:${index + 1}: ${line.trim()}`),
      );
    expect(broken).toEqual([]);
  });

  test('every file says in one sentence what it is', () => {
    expect(files.filter((file) => !/^(#!.*\n)?\/\*\*\s*(\n \* )?@module /.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
  });
});
