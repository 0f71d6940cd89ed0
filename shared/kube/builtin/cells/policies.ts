/** @module Rows of kinds that are only kept: admission, flow control, certificates, devices (kubernetes `printers.go`). */
import { conditionOf } from '../../conditions.ts';
import type { KubeObject } from '../../object.ts';
import type { TableCells } from '../../resource.ts';
import { labelSelectorCell } from '../../selectors/index.ts';
import { at, hasAt, listAt, numberAt, objectAt, textAt } from '../read.ts';
import { ageCell, amountCell, humanDuration, orNone } from './common.ts';

export const webhookCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  listAt(object, 'webhooks').length,
  ageCell(object, nowMs),
];

/** Of an admission policy whose rules are listed under `field`. */
export const admissionPolicyCells =
  (field: 'validations' | 'mutations'): TableCells =>
  (object, nowMs) => [
    object.metadata.name,
    listAt(object, 'spec', field).length,
    hasAt(object, 'spec', 'paramKind')
      ? `${textAt(object, 'spec', 'paramKind', 'apiVersion')}/${textAt(object, 'spec', 'paramKind', 'kind')}`
      : '<unset>',
    ageCell(object, nowMs),
  ];

const parameterText = (object: KubeObject): string => {
  const reference = objectAt(object, 'spec', 'paramRef');
  const name = textAt(reference, 'name');
  if (name !== '') return `${textAt(reference, 'namespace') || '*'}/${name}`;
  return hasAt(reference, 'selector') ? labelSelectorCell(objectAt(reference, 'selector')) : '<unset>';
};

export const admissionBindingCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'spec', 'policyName'),
  parameterText(object),
  ageCell(object, nowMs),
];

export const flowSchemaCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'spec', 'priorityLevelConfiguration', 'name'),
  numberAt(object, 'spec', 'matchingPrecedence'),
  amountCell(at(object, 'spec', 'distinguisherMethod', 'type'), '<none>'),
  ageCell(object, nowMs),
  textAt(conditionOf(object, 'Dangling'), 'status') || '?',
];

export const priorityLevelCells: TableCells = (object, nowMs) => {
  const number = (...path: string[]): string | number => {
    const value = at(object, 'spec', 'limited', ...path);
    return typeof value === 'number' ? value : '<none>';
  };
  const queuing = ['limitResponse', 'queuing'];
  return [
    object.metadata.name,
    textAt(object, 'spec', 'type'),
    number('nominalConcurrencyShares'),
    number(...queuing, 'queues'),
    number(...queuing, 'handSize'),
    number(...queuing, 'queueLengthLimit'),
    ageCell(object, nowMs),
  ];
};

const requestStatus = (object: KubeObject): string => {
  const verdict =
    conditionOf(object, 'Denied') !== undefined ? 'Denied' : conditionOf(object, 'Approved') !== undefined ? 'Approved' : 'Pending';
  const failed = conditionOf(object, 'Failed') !== undefined ? ',Failed' : '';
  return `${verdict}${failed}${textAt(object, 'status', 'certificate') === '' ? '' : ',Issued'}`;
};

export const signingRequestCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  ageCell(object, nowMs),
  orNone(textAt(object, 'spec', 'signerName')),
  textAt(object, 'spec', 'username'),
  hasAt(object, 'spec', 'expirationSeconds') ? humanDuration(numberAt(object, 'spec', 'expirationSeconds') * 1000) : '<none>',
  requestStatus(object),
];

const claimState = (object: KubeObject): string => {
  const deleted = object.metadata.deletionTimestamp !== undefined;
  if (!hasAt(object, 'status', 'allocation')) return deleted ? 'deleted' : 'pending';
  const states = [...(deleted ? ['deleted'] : []), 'allocated'];
  if (listAt(object, 'status', 'reservedFor').length > 0) states.push('reserved');
  return states.join(',');
};

export const resourceClaimCells: TableCells = (object, nowMs) => [object.metadata.name, claimState(object), ageCell(object, nowMs)];

export const resourceSliceCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'spec', 'nodeName'),
  textAt(object, 'spec', 'driver'),
  textAt(object, 'spec', 'pool', 'name'),
  ageCell(object, nowMs),
];
