/** @module Where an object runs on although no decision puts it there: no other cluster takes it, and its own is left out, drained, lost or just back. */
import { fields, integer, list, must, text, word } from './shape.ts';

/** A cluster that an object stays in. */
export type StayingCluster = {
  readonly name: string;
  /** Replicas that find no other place; absent for objects that have none. */
  readonly replicas?: number;
  /** The part of a divided Job's completions that is done there, or waits to be given to another cluster. */
  readonly completions?: number;
  /**
   * `Drained`: the cluster is emptied. `Lost`: it is lost, and nothing is deleted there. `Returning`: it came back and is held down.
   * `Deselected`: the policy selected it before, and does not any more.
   */
  readonly reason: 'Drained' | 'Lost' | 'Returning' | 'Deselected';
};

/** True where what stays runs on, is heard of and is brought changes. */
export const isServing = ({ reason }: StayingCluster): boolean => reason === 'Drained' || reason === 'Deselected';

const clustersMax = 5000;
const int32Max = 2_147_483_647;

/** {@link StayingCluster} as Placements have them. */
export const stayingShape = list(
  'Where the object runs on although it is not placed there, while no other cluster takes it: drained or lost clusters, those that just came back, and those that the policy selects no more.',
  fields('One cluster.', {
    name: must(text('Name of the cluster.')),
    replicas: integer('Replicas that find no other place; absent for objects that have none.', { min: 0, max: int32Max }),
    completions: integer("The part of a divided Job's completions that it has there.", { min: 0, max: int32Max }),
    reason: must(
      word(
        'Drained: the cluster is emptied. Lost: it is lost, and nothing is deleted there. Returning: it came back and is held down. Deselected: the policy selects it no more.',
        ['Drained', 'Lost', 'Returning', 'Deselected'],
      ),
    ),
  }),
  { type: 'map', keys: ['name'] },
  clustersMax,
);

const states: Readonly<Record<StayingCluster['reason'], { readonly one: string; readonly many: string }>> = {
  Drained: { one: 'which is drained', many: 'which are drained' },
  Lost: { one: 'which is lost and where nothing is deleted', many: 'which are lost and where nothing is deleted' },
  Returning: { one: 'which came back and is held down for a while', many: 'which came back and are held down for a while' },
  Deselected: { one: 'which the policy selects no more', many: 'which the policy selects no more' },
};

const reasons = Object.keys(states) as readonly StayingCluster['reason'][];

/** `stays on home, which is drained, until another cluster takes it`; '' when it stays nowhere. */
export const stayingText = (staying: readonly StayingCluster[]): string => {
  const parts = reasons.flatMap((reason) => {
    const names = staying.filter((entry) => entry.reason === reason).map(({ name }) => name);
    if (names.length === 0) return [];
    return [`on ${names.join(', ')}, ${names.length === 1 ? states[reason].one : states[reason].many},`];
  });
  return parts.length === 0 ? '' : `stays ${parts.join(' and ')} until another cluster takes it`;
};

/** The message with what stays before it: what is decided is about what is still to be placed. */
export const withStaying = (message: string, staying: readonly StayingCluster[] = []): string => {
  const told = stayingText(staying);
  return told === '' || message.startsWith(told) ? message : `${told}; ${message}`;
};
