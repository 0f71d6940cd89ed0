/**
 * @module Draws of properties come from one seed, so that a red run is red again: `HANSE_PROPERTY_SEED=N` draws others, `random` new ones each
 * time (fast-check prints the seed of a failure).
 */
import fc from 'fast-check';

const wanted = process.env.HANSE_PROPERTY_SEED ?? '1';
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) });
