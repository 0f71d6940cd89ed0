/** @module Where an object runs on although no decision puts it there: its cluster is drained, lost or just back, and no other takes it. */
import { fields, integer, list, must, text, word } from './shape.ts';

/** A cluster that an object stays in. */
export type StayingCluster = {
  readonly name: string;
  /** Replicas that find no other place; absent for objects that have none. */
  readonly replicas?: number;
  /** `Drained`: the cluster is emptied. `Lost`: it is lost, and nothing is deleted there. `Returning`: it came back and is held down. */
  readonly reason: 'Drained' | 'Lost' | 'Returning';
};

const clustersMax = 5000;
const int32Max = 2_147_483_647;

/** {@link StayingCluster} as Placements have them. */
export const stayingShape = list(
  'Where the object runs on although it is not placed there: drained or lost clusters and those that just came back, while no other takes it.',
  fields('One cluster.', {
    name: must(text('Name of the cluster.')),
    replicas: integer('Replicas that find no other place; absent for objects that have none.', { min: 0, max: int32Max }),
    reason: must(
      word('Drained: the cluster is emptied. Lost: it is lost, and nothing is deleted there. Returning: it came back and is held down.', [
        'Drained',
        'Lost',
        'Returning',
      ]),
    ),
  }),
  { type: 'map', keys: ['name'] },
  clustersMax,
);

const states: Readonly<Record<StayingCluster['reason'], { readonly one: string; readonly many: string }>> = {
  Drained: { one: 'which is drained', many: 'which are drained' },
  Lost: { one: 'which is lost and where nothing is deleted', many: 'which are lost and where nothing is deleted' },
  Returning: { one: 'which came back and is held down for a while', many: 'which came back and are held down for a while' },
};

/** `stays on home, which is drained, until another cluster takes it`; '' when it stays nowhere. */
export const stayingText = (staying: readonly StayingCluster[]): string => {
  const parts = (['Drained', 'Lost', 'Returning'] as const).flatMap((reason) => {
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
