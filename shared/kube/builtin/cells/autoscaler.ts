/** @module The row of a HorizontalPodAutoscaler: its metrics as `current/target` (kubernetes `formatHPAMetrics`). */
import type { TableCells } from '../../resource.ts';
import { at, hasAt, listAt, numberAt, textAt } from '../read.ts';
import { ageCell, amountCell, quantityCell, shortened } from './common.ts';

const metricsShown = 2;
const unknown = '<unknown>';

/** Where a type of metric keeps its target and its present value. */
const fieldOf: Readonly<Record<string, string>> = {
  External: 'external',
  Pods: 'pods',
  Object: 'object',
  Resource: 'resource',
  ContainerResource: 'containerResource',
};

const percentText = (value: unknown, otherwise: string): string => (typeof value === 'number' ? `${value}%` : otherwise);

const resourceMetric = (name: string, target: unknown, current: unknown): string => {
  if (hasAt(target, 'averageValue')) {
    const now = current === undefined ? unknown : quantityCell(current, 'averageValue');
    return `${name}: ${now}/${quantityCell(target, 'averageValue')}`;
  }
  const now = percentText(at(current, 'averageUtilization'), unknown);
  return `${name}: ${now}/${percentText(at(target, 'averageUtilization'), '<auto>')}`;
};

const valueMetric = (target: unknown, current: unknown): string => {
  if (hasAt(target, 'averageValue')) {
    const now = hasAt(current, 'averageValue') ? quantityCell(current, 'averageValue') : unknown;
    return `${now}/${quantityCell(target, 'averageValue')} (avg)`;
  }
  return `${current === undefined ? unknown : quantityCell(current, 'value')}/${quantityCell(target, 'value')}`;
};

const metricText = (metric: unknown, status: unknown): string => {
  const type = textAt(metric, 'type');
  const field = Object.hasOwn(fieldOf, type) ? fieldOf[type] : undefined;
  if (field === undefined) return '<unknown type>';
  const target = at(metric, field, 'target');
  const current = hasAt(status, field) ? (at(status, field, 'current') ?? {}) : undefined;
  if (type === 'Resource' || type === 'ContainerResource') return resourceMetric(textAt(metric, field, 'name'), target, current);
  if (type !== 'Pods') return valueMetric(target, current);
  return `${current === undefined ? unknown : quantityCell(current, 'averageValue')}/${quantityCell(target, 'averageValue')}`;
};

/** Of an `autoscaling/v2` object; objects of v1 are converted first. */
export const autoscalerCells: TableCells = (object, nowMs) => {
  const metrics = listAt(object, 'spec', 'metrics');
  const statuses = listAt(object, 'status', 'currentMetrics');
  return [
    object.metadata.name,
    `${textAt(object, 'spec', 'scaleTargetRef', 'kind')}/${textAt(object, 'spec', 'scaleTargetRef', 'name')}`,
    metrics.length === 0
      ? '<none>'
      : shortened(
          metrics.map((metric, index) => metricText(metric, statuses[index])),
          metricsShown,
          ', ',
        ),
    amountCell(at(object, 'spec', 'minReplicas'), '<unset>'),
    numberAt(object, 'spec', 'maxReplicas'),
    numberAt(object, 'status', 'currentReplicas'),
    ageCell(object, nowMs),
  ];
};
