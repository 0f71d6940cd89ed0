/** @module Rows of volumes, claims and what provides them (kubernetes `printers.go`). */
import type { KubeObject } from '../../object.ts';
import type { TableCells } from '../../resource.ts';
import { at, hasAt, isTrueAt, listAt, namesAt, textAt } from '../read.ts';
import { ageCell, amountCell, orNone, quantityCell } from './common.ts';

const shortModes: readonly (readonly [string, string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];
const oldClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

const modesCell = (modes: readonly string[]): string =>
  shortModes
    .filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',');

const classCell = (object: KubeObject): string =>
  object.metadata.annotations?.[oldClassAnnotation] ?? textAt(object, 'spec', 'storageClassName');

const phaseCell = (object: KubeObject): string =>
  object.metadata.deletionTimestamp === undefined ? textAt(object, 'status', 'phase') : 'Terminating';

export const volumeCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  quantityCell(object, 'spec', 'capacity', 'storage'),
  modesCell(namesAt(object, 'spec', 'accessModes')),
  textAt(object, 'spec', 'persistentVolumeReclaimPolicy'),
  phaseCell(object),
  hasAt(object, 'spec', 'claimRef')
    ? `${textAt(object, 'spec', 'claimRef', 'namespace')}/${textAt(object, 'spec', 'claimRef', 'name')}`
    : '',
  classCell(object),
  amountCell(at(object, 'spec', 'volumeAttributesClassName'), '<unset>'),
  textAt(object, 'status', 'reason'),
  ageCell(object, nowMs),
  amountCell(at(object, 'spec', 'volumeMode'), '<unset>'),
];

export const claimCells: TableCells = (object, nowMs) => {
  // A claim that is bound in several clusters has a volume in each, and no name of one.
  const bound = textAt(object, 'spec', 'volumeName') !== '' || textAt(object, 'status', 'phase') === 'Bound';
  return [
    object.metadata.name,
    phaseCell(object),
    textAt(object, 'spec', 'volumeName'),
    bound ? quantityCell(object, 'status', 'capacity', 'storage') : '',
    bound ? modesCell(namesAt(object, 'status', 'accessModes')) : '',
    classCell(object),
    amountCell(at(object, 'spec', 'volumeAttributesClassName'), '<unset>'),
    ageCell(object, nowMs),
    amountCell(at(object, 'spec', 'volumeMode'), '<unset>'),
  ];
};

const isDefaultClass = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' ||
  metadata.annotations?.['storageclass.beta.kubernetes.io/is-default-class'] === 'true';

export const storageClassCells: TableCells = (object, nowMs) => [
  `${object.metadata.name}${isDefaultClass(object) ? ' (default)' : ''}`,
  textAt(object, 'provisioner'),
  textAt(object, 'reclaimPolicy') || 'Delete',
  textAt(object, 'volumeBindingMode') || 'Immediate',
  isTrueAt(object, 'allowVolumeExpansion'),
  ageCell(object, nowMs),
];

export const attributesClassCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'driverName'),
  ageCell(object, nowMs),
];

export const csiDriverCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  at(object, 'spec', 'attachRequired') !== false,
  isTrueAt(object, 'spec', 'podInfoOnMount'),
  isTrueAt(object, 'spec', 'storageCapacity'),
  hasAt(object, 'spec', 'tokenRequests')
    ? listAt(object, 'spec', 'tokenRequests')
        .map((request) => textAt(request, 'audience'))
        .join(',')
    : '<unset>',
  isTrueAt(object, 'spec', 'requiresRepublish'),
  orNone(namesAt(object, 'spec', 'volumeLifecycleModes').join(',')),
  ageCell(object, nowMs),
];

export const csiNodeCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  listAt(object, 'spec', 'drivers').length,
  ageCell(object, nowMs),
];

export const attachmentCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'spec', 'attacher'),
  textAt(object, 'spec', 'source', 'persistentVolumeName'),
  textAt(object, 'spec', 'nodeName'),
  isTrueAt(object, 'status', 'attached'),
  ageCell(object, nowMs),
];
