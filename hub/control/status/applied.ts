/** @module Whether the clusters took an object and all that follows it: the condition `Applied` of its Placement. Pure. */
import { type ApplyFailure, type StayingCluster, type StoredPlacementStatus, stayingText } from '../../../shared/api/index.ts';
import { type Condition, withCondition } from '../../../shared/kube/condition.ts';
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import { besideReason, type StatusItem } from '../../../shared/wire/index.ts';
import type { EventText } from '../events.ts';

/** The object that an answer is about: the placed one, or one that follows it. */
export type AnswerSubject = { readonly key: StorageKey; readonly kind: string; readonly name: string };

/** What one cluster answered; undefined = nothing yet for what was sent last. */
export type Answer = {
  readonly cluster: string;
  readonly subject: AnswerSubject;
  readonly item: Pick<StatusItem, 'phase' | 'reason' | 'message'> | undefined;
  /** Why it could not be sent. */
  readonly problem?: string;
};

/** What is written of it, and what is told on which object. */
export type AppliedChange = {
  readonly conditions: readonly Condition[];
  readonly failures: readonly ApplyFailure[];
  readonly staying: readonly StayingCluster[];
  readonly events: readonly { readonly about: StorageKey; readonly event: EventText }[];
};

/** Failures kept one by one; the condition counts those beyond. */
const failuresMax = 100;
/** Failures told in words in one condition or Event. */
const wordsMax = 16;

type Failed = { readonly failure: ApplyFailure; readonly key: StorageKey };

const failedOf = (answers: readonly Answer[]): Failed[] =>
  answers.flatMap(({ cluster, subject: { key, kind, name }, item, problem }) => {
    const isRefused = item?.phase === 'Failed' || item?.phase === 'Conflict';
    if (problem === undefined && !isRefused) return [];
    const reason = problem === undefined ? (item?.reason ?? 'Failed') : 'NotSent';
    return [{ key, failure: { cluster, kind, name, reason, message: problem ?? item?.message ?? reason } }];
  });

/** What clusters say of the object itself though they took it. */
const remarksOf = (own: StorageKey, answers: readonly Answer[]): string[] =>
  answers.flatMap(({ cluster, subject: { key, kind, name }, item }) =>
    key === own && item?.phase === 'Applied' && item.reason === besideReason && item.message !== undefined
      ? [words({ cluster, kind, name, reason: item.reason, message: item.message }, false)]
      : [],
  );

/** What a cluster says; the object is named where the message does not begin with it. */
const words = ({ cluster, kind, name, message }: ApplyFailure, isNamed: boolean): string =>
  `${cluster}: ${isNamed && !message.startsWith(`${kind} `) ? `${kind} ${name}: ` : ''}${message}`;

const joined = (parts: readonly string[]): string =>
  parts.length <= wordsMax ? parts.join('; ') : `${parts.slice(0, wordsMax).join('; ')}; and ${parts.length - wordsMax} more`;

const conditionOf = (
  own: StorageKey,
  answers: readonly Answer[],
  failed: readonly Failed[],
  staying: readonly StayingCluster[],
): Omit<Condition, 'lastTransitionTime'> => {
  const [first] = failed;
  if (first !== undefined) {
    const message = joined(failed.map(({ failure, key }) => words(failure, key !== own)));
    return { type: 'Applied', status: 'False', reason: first.failure.reason, message };
  }
  const waiting = [...new Set(answers.filter(({ item }) => item === undefined).map(({ cluster }) => cluster))];
  if (waiting.length > 0)
    return { type: 'Applied', status: 'Unknown', reason: 'Waiting', message: `no answer yet from ${joined(waiting)}` };
  if (answers.length === 0)
    return { type: 'Applied', status: 'True', reason: 'Applied', message: stayingText(staying) || 'placed in no cluster' };
  const remarks = remarksOf(own, answers);
  const message = ['every cluster applied it', ...(remarks.length === 0 ? [] : [joined(remarks)])].join('; ');
  return { type: 'Applied', status: 'True', reason: remarks.length === 0 ? 'Applied' : besideReason, message };
};

const isSameStaying = (a: readonly StayingCluster[], b: readonly StayingCluster[]): boolean =>
  a.length === b.length &&
  a.every(({ name, replicas, reason }, at) => name === b[at]?.name && replicas === b[at]?.replicas && reason === b[at]?.reason);

const isSameFailure = (a: ApplyFailure, b: ApplyFailure): boolean =>
  a.cluster === b.cluster && a.kind === b.kind && a.name === b.name && a.reason === b.reason && a.message === b.message;

/** One Event for each following object of which a cluster says something that it did not say before. */
const eventsOfFollowers = (own: StorageKey, failed: readonly Failed[], before: readonly ApplyFailure[]): AppliedChange['events'] => {
  const fresh = failed.filter(({ key, failure }) => key !== own && !before.some((old) => isSameFailure(old, failure)));
  return [...new Set(fresh.map(({ key }) => key))].flatMap((about) => {
    const ours = failed.filter(({ key }) => key === about).map(({ failure }) => failure);
    const [first] = ours;
    if (first === undefined) return [];
    const message = joined(ours.map((failure) => words(failure, false)));
    return [{ about, event: { type: 'Warning', reason: first.reason, message } }];
  });
};

/**
 * What is to be written of a placed object whose own key is `own`, from the answers about it and then about those that follow it, and from
 * where it stays. Undefined when nothing is new, or while answers are on their way: the old condition stands.
 */
export const nextApplied = (
  own: StorageKey,
  answers: readonly Answer[],
  staying: readonly StayingCluster[],
  before: Pick<StoredPlacementStatus, 'conditions' | 'failures' | 'staying'> | undefined,
  nowMs: number,
): AppliedChange | undefined => {
  const failed = failedOf(answers);
  const next = conditionOf(own, answers, failed, staying);
  if (next.status === 'Unknown') return undefined;
  const failures = failed.slice(0, failuresMax).map(({ failure }) => failure);
  const old = before?.conditions?.find(({ type }) => type === next.type);
  const told = before?.failures ?? [];
  const isTold = failures.length === told.length && failures.every((failure, at) => isSameFailure(failure, told[at] ?? failure));
  const isSaid = old?.status === next.status && old.reason === next.reason && old.message === next.message;
  if (isSaid && isTold && isSameStaying(staying, before?.staying ?? [])) return undefined;
  const event: EventText = { type: 'Warning', reason: next.reason, message: next.message };
  return {
    conditions: withCondition(before?.conditions, next, nowMs),
    failures,
    staying,
    events: [
      ...((next.status === 'False' || next.reason === besideReason) && !isSaid ? [{ about: own, event }] : []),
      ...eventsOfFollowers(own, failed, told),
    ],
  };
};

/** What the workloads of a following object must know of it, as a text: who has not taken it, and why. Two texts differ when that does. */
export const troubleText = (answers: readonly Answer[]): string =>
  JSON.stringify(
    answers
      .filter(({ item, problem }) => problem !== undefined || item?.phase !== 'Applied')
      .map(({ cluster, item, problem }) => [cluster, problem ?? '', item?.phase ?? '', item?.reason ?? '', item?.message ?? '']),
  );
