/** @module A model of GPUs as pools tell it, and what of it is on one node. */
import type { GpuPool } from '../../../shared/api/index.ts';

/** GPUs of one model on one node. */
export type NodeGpus = {
  readonly total: number;
  readonly free: number;
  /** Most free in one zone; undefined = no zone is told. */
  readonly inZone: number | undefined;
};

const wordOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .replace(/^(nvidia|amd|intel)-\1-/, '$1-');

/** The same for a model however it is written: with blanks, dashes or underscores, and with or without its memory. */
export const modelName = ({ vendor, product }: GpuPool['spec']): string => wordOf(`${vendor} ${product}`);

/** A DNS-1123 subdomain of what a pool is about: `nvidia-a100-sxm4-40gb-40960mi`. */
export const nameOf = ({ vendor, product, memoryMiB }: GpuPool['spec']): string =>
  wordOf([vendor, product, ...(memoryMiB === 0 ? [] : [`${memoryMiB}mi`])].join('-'))
    .slice(0, 200)
    .replace(/-+$/, '');
