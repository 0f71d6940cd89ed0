/** @module Attributes of devices whose values belong to one device, or to the parts of one: of them reports tell only which are equal. */

const ofOne =
  /(^|\/)(uuid|parentUUID|index|parentIndex|minor|parentMinor|serial|pciBusID|pciBusId|pciAddress|pciAddr|deviceId|gpuUUID|gpuIndex|macAddress)$/i;

/** True where no class asks for a value of it: a constraint may ask that devices have the same one. */
export const isOwnAttribute = (name: string): boolean => ofOne.test(name);
