/** @module Selectors of device classes are read as CEL reads them, or refused by name. */
import { describe, expect, test } from 'vitest';
import { parseQuantity, type Quantity } from '../kube/quantity/index.ts';
import { type CelDevice, compileCel } from './report-cel.ts';

const quantity = (text: string): Quantity => {
  const parsed = parseQuantity(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};

const gpu: CelDevice = {
  driver: 'gpu.nvidia.com',
  attributes: new Map<string, string | number | boolean>([
    ['gpu.nvidia.com/type', 'gpu'],
    ['gpu.nvidia.com/productName', 'NVIDIA A100-SXM4-40GB'],
    ['gpu.nvidia.com/index', 3],
    ['resource.kubernetes.io/pcieRoot', 'pci0000:01'],
    ['gpu.nvidia.com/mig', false],
  ]),
  capacity: new Map([['gpu.nvidia.com/memory', quantity('40Gi')]]),
  allowMultipleAllocations: false,
};

const selects = (expression: string): boolean | undefined | string => {
  const compiled = compileCel(expression);
  return compiled.ok ? compiled.selects(gpu) : compiled.message;
};

describe('a selector', () => {
  test.each([
    ['device.driver == "gpu.nvidia.com"', true],
    ["device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'gpu'", true],
    ['device.driver == "gpu.nvidia.com" && device.attributes["gpu.nvidia.com"].type == "mig"', false],
    ['device.attributes["gpu.nvidia.com"].productName.contains("A100")', true],
    ['device.attributes["gpu.nvidia.com"].productName.lowerAscii().startsWith("nvidia a100")', true],
    ['device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("40Gi")) >= 0', true],
    ['device.capacity["gpu.nvidia.com"].memory.isGreaterThan(quantity("40Gi"))', false],
    ['device.capacity["gpu.nvidia.com"].memory >= quantity("41Gi")', false],
    ['device.attributes["gpu.nvidia.com"].index in [1, 2, 3]', true],
    ['!(device.attributes["gpu.nvidia.com"].index < 3)', true],
    ['!device.attributes["gpu.nvidia.com"].mig', true],
    ['"gpu.nvidia.com" in device.attributes', true],
    ['"type" in device.attributes["gpu.nvidia.com"]', true],
    ['"x" in device.attributes["gpu.nvidia.com"]', false],
    ['has(device.attributes["gpu.nvidia.com"].type) || false', true],
    ['has(device.attributes["other.dev"].type)', false],
    ['true || device.attributes["other.dev"].type == "x"', true],
    ['device.attributes["other.dev"].type == "x" || true', true],
    ['false && device.attributes["other.dev"].type == "x"', false],
    ['device.attributes["other.dev"].type == "x"', undefined],
    ['device.driver == 3', undefined],
    ['device.driver', undefined],
  ])('%s is %s', (expression, wanted) => {
    expect(selects(expression)).toBe(wanted);
  });

  test.each([
    ['device.attributes["gpu.nvidia.com"].productName.matches("A.*")', 'the function matches'],
    ['semver("1.2.3").isLessThan(semver("2.0.0"))', 'the name semver'],
    ['cel.bind(x, 1, x == 1)', 'the name cel'],
    ['device.driver == ', 'an end where a value is wanted'],
    ['device.driver == "a" ? true : false', '"? true : false" at 20'],
    ['', 'an end where a value is wanted'],
    [`${'('.repeat(100)}true${')'.repeat(100)}`, 'more than 64 nested terms'],
    [`${'!'.repeat(9_000)}true`, 'more than 64 nested terms'],
    ['a'.repeat(20_000), 'an expression of more than 10240 characters'],
  ])('that is not understood is refused by name: %s', (expression, wanted) => {
    expect(selects(expression)).toBe(wanted);
  });
});
