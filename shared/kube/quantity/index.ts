/** @module Exact amounts as Kubernetes writes them. */
export { parseQuantity, quantityFormatText } from './parse.ts';
export {
  addQuantity,
  compareQuantity,
  type Format,
  isWholeQuantity,
  type Quantity,
  quantityMebibytesFloor,
  quantityMilli,
  quantityOf,
  quantityOfMilli,
  quantityUnits,
  subtractQuantity,
  zeroQuantity,
} from './quantity.ts';
