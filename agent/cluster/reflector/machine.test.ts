/** @module Rules of the reflector's state machine, as scripts: what happened → what is told, what is done next. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { ApiFailure } from '../api-error.ts';
import { type InitialMode, initialState, PAGE_LIMIT, type ReflectorInput, step } from './machine.ts';

const pod = (name: string, resourceVersion = '1', more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, resourceVersion, ...more },
});
const failure = (status: number, reason: string): ApiFailure => ({
  status,
  reason,
  message: reason,
  unreachable: status === 0,
  causes: [],
});
const added = (name: string, rv = '1'): ReflectorInput => ({ on: 'Event', event: { type: 'ADDED', object: pod(name, rv) } });
const deleted = (name: string, rv = '1'): ReflectorInput => ({ on: 'Event', event: { type: 'DELETED', object: pod(name, rv) } });
const bookmark = (rv: string, end = false): ReflectorInput => ({
  on: 'Event',
  event: { type: 'BOOKMARK', object: pod('', rv, end ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}) },
});
const page = (names: readonly string[], next?: string): ReflectorInput => ({
  on: 'Page',
  items: names.map((name) => pod(name)),
  resourceVersion: '50',
  ...(next === undefined ? {} : { continue: next }),
});

/** Runs a script; each line says what was told and what comes next. */
const script = (mode: InitialMode, inputs: readonly ReflectorInput[]): string[] => {
  let state = initialState(mode);
  return inputs.map((input) => {
    const at = step(state, input, () => 0.5);
    state = at.state;
    const told = at.emit.map((event) => ('object' in event ? `${event.type} ${event.object.metadata.name}` : event.type)).join(', ');
    const { next } = at;
    const what =
      next.do === 'List'
        ? `list ${next.limit}${next.continue === undefined ? '' : ` from ${next.continue}`}`
        : next.do === 'Watch'
          ? next.initial
            ? 'watch from nothing'
            : `watch from ${next.resourceVersion}`
          : 'read';
    const wait = 'afterMs' in next && next.afterMs > 0 ? ` after ${next.afterMs} ms` : '';
    return `${told === '' ? '-' : told} → ${what}${wait}${at.problem === undefined ? '' : ` (${at.problem.reason})`}`;
  });
};

describe('the reflector', () => {
  test('reads everything by a streamed watch, then follows it', () => {
    expect(script('stream', [{ on: 'Start' }, added('a'), added('b'), bookmark('9', true), deleted('a', '10'), bookmark('12')])).toEqual([
      'Init → watch from nothing',
      'InitApply a → read',
      'InitApply b → read',
      'InitDone → read',
      'Delete a → read',
      '- → read',
    ]);
  });

  test("reads by pages where that is wanted, and follows from the list's version", () => {
    expect(script('pages', [{ on: 'Start' }, page(['a', 'b'], 'more'), page(['c']), added('d', '51'), { on: 'WatchEnded' }])).toEqual([
      `Init → list ${PAGE_LIMIT}`,
      `InitApply a, InitApply b → list ${PAGE_LIMIT} from more`,
      'InitApply c, InitDone → watch from 50',
      'Apply d → read',
      '- → watch from 51',
    ]);
  });

  test.each([
    ['refuses the streamed watch', { on: 'WatchEnded', failure: failure(422, 'Invalid') } as ReflectorInput],
    ['takes it for a plain watch and never ends it', { on: 'WatchEnded', silent: true } as ReflectorInput],
  ])('falls back to pages when a server %s', (_what, ended) => {
    expect(script('stream', [{ on: 'Start' }, added('a'), ended]).at(-1)).toBe(`Init → list ${PAGE_LIMIT}`);
  });

  test('starts over at once when its version is too old, whichever way that is said', () => {
    const gone: ReflectorInput = {
      on: 'Event',
      event: { type: 'ERROR', object: { ...pod(''), code: 410, reason: 'Expired', message: 'too old' } },
    };
    const start = [{ on: 'Start' } as ReflectorInput, bookmark('9', true)];
    expect(script('stream', [...start, gone]).at(-1)).toBe('Init → watch from nothing');
    expect(script('stream', [...start, { on: 'WatchEnded', failure: failure(410, 'Expired') }]).at(-1)).toBe('Init → watch from nothing');
    expect(script('pages', [{ on: 'Start' }, page(['a'], 'x'), { on: 'PageFailed', failure: failure(410, 'Expired') }]).at(-1)).toBe(
      `Init → list ${PAGE_LIMIT}`,
    );
  });

  test('goes on from the newest version after a broken watch, waiting longer each time', () => {
    const broken: ReflectorInput = { on: 'WatchEnded', failure: failure(0, 'Unreachable') };
    expect(script('stream', [{ on: 'Start' }, bookmark('9', true), broken, broken, broken]).slice(2)).toEqual([
      '- → watch from 9 after 375 ms (Unreachable)',
      '- → watch from 9 after 750 ms (Unreachable)',
      '- → watch from 9 after 1500 ms (Unreachable)',
    ]);
  });

  test('is patient where a person must act', () => {
    expect(script('pages', [{ on: 'Start' }, { on: 'PageFailed', failure: failure(403, 'Forbidden') }]).at(-1)).toBe(
      `Init → list ${PAGE_LIMIT} after 3750 ms (Forbidden)`,
    );
  });

  test('asks for smaller pages when an answer is too large', () => {
    expect(script('pages', [{ on: 'Start' }, { on: 'PageFailed', failure: failure(0, 'TooLarge') }]).at(-1)).toBe(
      `Init → list ${PAGE_LIMIT / 4}`,
    );
  });

  test('watches that end at once without a word do not spin', () => {
    const lines = script('stream', [
      { on: 'Start' },
      bookmark('9', true),
      ...Array.from({ length: 4 }, (): ReflectorInput => ({ on: 'WatchEnded' })),
    ]);
    expect(lines.at(-1)).toMatch(/after \d{4} ms$/);
  });
});
