/** @module Tests of the condition `Applied`. */
import { describe, expect, it } from 'vitest';
import { timeText } from '../../../shared/lib/time-text.ts';
import type { StatusItem } from '../../../shared/wire/index.ts';
import { type Answer, nextApplied, troubleText } from './applied.ts';

const nowMs = Date.UTC(2030, 0, 1);
const laterMs = nowMs + 60_000;
const web = { key: 'apps/deployments/shop/web', kind: 'Deployment', name: 'web' };
const settings = { key: '/configmaps/shop/settings', kind: 'ConfigMap', name: 'settings' };
const taken: Pick<StatusItem, 'phase'> = { phase: 'Applied' };
const beside = { phase: 'Applied', reason: 'ForeignContainers', message: 'also runs nginx' } as const;
const notOwned = { phase: 'Conflict', reason: 'NotOwned', message: 'it is not ours' } as const;
const said = (subject: Answer['subject'], cluster: string, item: Answer['item'], problem?: string): Answer => ({
  cluster,
  subject,
  item,
  ...(problem === undefined ? {} : { problem }),
});
const appliedOf = (answers: readonly Answer[]): readonly (string | undefined)[] => {
  const condition = nextApplied(web.key, answers, [], undefined, nowMs)?.conditions[0];
  return [condition?.status, condition?.reason, condition?.message];
};

describe('applied', () => {
  it.each<[rule: string, answers: readonly Answer[], applied: readonly (string | undefined)[]]>([
    ['all took all', [said(web, 'aws', taken), said(settings, 'aws', taken)], ['True', 'Applied', 'every cluster applied it']],
    [
      'a cluster took it and runs more than that',
      [said(web, 'aws', taken), said(web, 'gcp', beside), said(settings, 'gcp', taken)],
      ['True', 'ForeignContainers', 'every cluster applied it; gcp: also runs nginx'],
    ],
    ['it is nowhere', [], ['True', 'Applied', 'placed in no cluster']],
    ['the object is refused', [said(web, 'aws', notOwned), said(web, 'gcp', taken)], ['False', 'NotOwned', 'aws: it is not ours']],
    [
      'what follows it is refused',
      [said(web, 'aws', taken), said(settings, 'aws', notOwned)],
      ['False', 'NotOwned', 'aws: ConfigMap settings: it is not ours'],
    ],
    [
      'the message names what follows by itself',
      [said(settings, 'aws', { ...notOwned, message: 'ConfigMap shop/settings exists' })],
      ['False', 'NotOwned', 'aws: ConfigMap shop/settings exists'],
    ],
    ['it could not be sent', [said(settings, 'aws', undefined, 'too large')], ['False', 'NotSent', 'aws: ConfigMap settings: too large']],
    [
      'a refusal is told while others are waited for',
      [said(web, 'aws', notOwned), said(web, 'gcp', undefined)],
      ['False', 'NotOwned', 'aws: it is not ours'],
    ],
    [
      'what follows it has not been answered',
      [said(web, 'aws', taken), said(settings, 'aws', undefined)],
      [undefined, undefined, undefined],
    ],
  ])('says whether the clusters took an object and all that follows it: %s', (_, answers, applied) => {
    expect(appliedOf(answers)).toEqual(applied);
  });

  it('names some clusters of many, and counts the rest', () => {
    const answers = Array.from({ length: 300 }, (__, at) => said(web, `c${at}`, notOwned));
    const change = nextApplied(web.key, answers, [], undefined, nowMs);
    expect(change?.conditions[0]?.message).toMatch(/c15: it is not ours; and 284 more$/);
    expect(change?.failures).toHaveLength(100);
  });

  it('tells a refusal on the workload and on what follows it, once, and writes again only when something is new', () => {
    const refused = [said(web, 'aws', taken), said(settings, 'aws', notOwned)];
    const first = nextApplied(web.key, refused, [], undefined, nowMs);
    expect(first?.events.map(({ about, event }) => [about, event.reason, event.message])).toEqual([
      [web.key, 'NotOwned', 'aws: ConfigMap settings: it is not ours'],
      [settings.key, 'NotOwned', 'aws: it is not ours'],
    ]);
    expect(nextApplied(web.key, refused, [], first, nowMs)).toBeUndefined();
    const more = nextApplied(web.key, [said(web, 'aws', notOwned), said(settings, 'aws', notOwned)], [], first, nowMs);
    expect(more?.events.map(({ about }) => about)).toEqual([web.key]);
    const mended = nextApplied(web.key, [said(web, 'aws', taken), said(settings, 'aws', taken)], [], more, laterMs);
    expect(mended).toMatchObject({ conditions: [{ status: 'True', lastTransitionTime: timeText(laterMs) }], failures: [], events: [] });
  });

  it('tells what runs beside it as an Event once, and no more when it is gone', () => {
    const first = nextApplied(web.key, [said(web, 'gcp', beside)], [], undefined, nowMs);
    expect(first?.events.map(({ about, event }) => [about, event.type, event.reason])).toEqual([[web.key, 'Warning', 'ForeignContainers']]);
    expect(nextApplied(web.key, [said(web, 'gcp', beside)], [], first, nowMs)).toBeUndefined();
    expect(nextApplied(web.key, [said(web, 'gcp', taken)], [], first, laterMs)).toMatchObject({
      conditions: [{ status: 'True', reason: 'Applied', message: 'every cluster applied it' }],
      events: [],
    });
  });

  it('says of one that is placed nowhere where it stays, and again when that changes', () => {
    const staying = [{ name: 'home', replicas: 3, reason: 'Drained' }] as const;
    const first = nextApplied(web.key, [], staying, undefined, nowMs);
    expect([first?.conditions[0]?.message, first?.staying]).toEqual([
      'stays on home, which is drained, until another cluster takes it',
      staying,
    ]);
    expect(nextApplied(web.key, [], staying, first, nowMs)).toBeUndefined();
    expect(nextApplied(web.key, [], [], first, nowMs)).toMatchObject({ conditions: [{ message: 'placed in no cluster' }], staying: [] });
  });

  it('keeps the conditions of others', () => {
    const other = { type: 'Other', status: 'True', reason: 'R', message: '', lastTransitionTime: timeText(nowMs) } as const;
    expect(nextApplied(web.key, [said(web, 'aws', taken)], [], { conditions: [other] }, nowMs)?.conditions).toContainEqual(other);
  });

  it('is news to the workloads of an object when a cluster refuses, waits or takes it, and not when another takes it too', () => {
    const texts = [
      [said(settings, 'aws', taken)],
      [said(settings, 'aws', taken), said(settings, 'gcp', taken)],
      [said(settings, 'aws', undefined)],
      [said(settings, 'aws', notOwned)],
    ].map(troubleText);
    expect(texts[0]).toBe(texts[1]);
    expect(new Set(texts).size).toBe(3);
  });
});
