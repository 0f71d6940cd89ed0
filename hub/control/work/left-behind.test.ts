/** @module How an operator is told what the lost time of an older copy left in a cluster. */
import { expect, test } from 'vitest';
import { leftBehindText } from './left-behind.ts';

const keys = (count: number, of: (at: number) => string): string[] => Array.from({ length: count }, (_, at) => of(at));

test('where nothing is known the command lists every kind that the member serves', () => {
  expect(leftBehindText([])).toContain(
    '; kubectl --kubeconfig MEMBER get "$(kubectl --kubeconfig MEMBER api-resources --verbs=list -o name | paste -sd, -)" -A -l hanse.dev/managed-by=hanse lists what the hub ever sent. ',
  );
});

test('the command lists the kinds of all that is left, also of what is counted only', () => {
  const text = leftBehindText([
    ...keys(5, (at) => `/configmaps/shop/c${at}`),
    'boats.example/boats//titanic',
    '/serviceaccounts/shop/robot',
  ]);
  expect(text).toContain(' get boats.boats.example,configmaps,serviceaccounts -A ');
  expect(text).toMatch(/Here that is configmaps shop\/c0, .*, configmaps shop\/c4 and 2 more$/);
  expect(leftBehindText(['boats.example/boats//titanic'])).toMatch(/Here that is boats titanic$/);
});

test('of more kinds than a line bears the command lists every kind', () => {
  expect(leftBehindText(keys(11, (at) => `/kind${at}/shop/a`))).toContain('api-resources');
});
