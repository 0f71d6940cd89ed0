/** @module Names, labels, annotations and metadata: what may be written, and the API server's words for what may not. */
export {
  duplicate,
  type Fault,
  faultText,
  forbidden,
  invalid,
  invalidEach,
  notFound,
  notSupported,
  required,
  tooLong,
  tooMany,
} from './faults.ts';
export {
  annotationBytesMax,
  validateAnnotations,
  validateFinalizers,
  validateLabels,
  validateObjectMeta,
  validateObjectMetaUpdate,
  validateOwners,
} from './meta.ts';
export type { Parsed } from './parsed.ts';
export {
  configMapKey,
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  envVarName,
  httpHeaderName,
  labelName,
  labelValue,
  type NameRule,
  pathSegmentName,
  percent,
  portName,
  portNumber,
  qualifiedName,
  type Rule,
  rangeText,
  strictEnvVarName,
  subdomainName,
  wildcardSubdomain,
} from './rules.ts';
export { goJson, goQuote, quotedList, utf8Length } from './text.ts';
