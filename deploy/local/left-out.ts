/** @module Playground clusters of earlier starts that a start with fewer members leaves out. */
import { existsSync } from 'node:fs';
import { cloudClusters, membersMax } from './playground/clouds.ts';
import { memberFolder } from './playground/member.ts';

/** One line for each cluster that has data in the directory and is not among the first `members`, with what to do. */
export const leftOutLines = (dataDir: string, members: number): string[] =>
  cloudClusters(membersMax).flatMap(({ name }, index) => {
    const folder = memberFolder(dataDir, name);
    if (index < members || !existsSync(folder)) return [];
    const mend = `it runs with --members ${index + 1}; to give it up, delete its Cluster at the hub and the folder ${folder}`;
    return [`${name} has data here and does not run, as --members is ${members}: ${mend}`];
  });
