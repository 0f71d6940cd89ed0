/**
 * @module What is wrong with a pod template. Whatever a count looks at and no API server would take (core validation `ValidatePodSpec`) is
 * refused with its path: read as absent it would make the count of another shape.
 */
import { validateLabelSelector } from '../kube/selectors/index.ts';
import { allOf, type Check, fieldsOf, integer, listOf, mapOf, object, oneOf, text, truth } from '../lib/field-checks.ts';
import { type Bag, bagsOf, integerOf, isBag, textOf, textsOf } from '../lib/fields.ts';
import type { PodTemplate } from './demand.ts';
import { selectorOf } from './pod-terms.ts';
import { podAmountsFault, podRequirementsFault } from './quantities.ts';

const objects = (check: Check): Check => listOf(check, 'a list of objects');
const texts = listOf(text, 'a list of texts');
const textMap = mapOf(text);

const portMax = 65_535;

const resources = fieldsOf({ requests: object, limits: object });

const container = fieldsOf({
  resources,
  restartPolicy: oneOf('Always', 'OnFailure', 'Never'),
  ports: objects(
    fieldsOf({
      hostPort: integer(0, portMax),
      containerPort: integer(0, portMax),
      hostIP: text,
      protocol: oneOf('', 'TCP', 'UDP', 'SCTP'),
    }),
  ),
});

/** What each operator of a node requirement wants of the values beside it (core validation ValidateNodeSelectorRequirement). */
const valuesWanted: Readonly<Record<string, { readonly words: string; readonly holds: (values: readonly string[]) => boolean }>> = {
  In: { words: 'at least one value', holds: (values) => values.length > 0 },
  NotIn: { words: 'at least one value', holds: (values) => values.length > 0 },
  Exists: { words: 'no values', holds: (values) => values.length === 0 },
  DoesNotExist: { words: 'no values', holds: (values) => values.length === 0 },
  Gt: { words: 'one whole number, written as a text', holds: (values) => values.length === 1 && /^[+-]?\d+$/.test(values[0] ?? '') },
  Lt: { words: 'one whole number, written as a text', holds: (values) => values.length === 1 && /^[+-]?\d+$/.test(values[0] ?? '') },
};

const valuesFault = (rule: Bag, path: string): string | undefined => {
  const wanted = valuesWanted[textOf(rule.operator)];
  if (wanted === undefined) return `${path}.operator: say one of ${Object.keys(valuesWanted).join(', ')}`;
  return wanted.holds(textsOf(rule.values)) ? undefined : `${path}.values: ${textOf(rule.operator)} wants ${wanted.words}`;
};

const keyFault = ({ key }: Bag, path: string): string | undefined => (textOf(key) === '' ? `${path}.key: name the label` : undefined);

const requirement = { key: text, operator: oneOf(...Object.keys(valuesWanted)), values: texts };

const expression = fieldsOf(requirement, (rule, path) => keyFault(rule, path) ?? valuesFault(rule, path));

const nodeField = fieldsOf({ ...requirement, key: oneOf('metadata.name'), operator: oneOf('In', 'NotIn') }, (rule, path) =>
  textOf(rule.key) === '' || textsOf(rule.values).length !== 1
    ? `${path}: key metadata.name and one value are wanted`
    : valuesFault(rule, path),
);

/** No terms at all are taken as the scheduler takes them: they match nothing. */
const nodeTerms = fieldsOf({
  nodeSelectorTerms: objects(fieldsOf({ matchExpressions: objects(expression), matchFields: objects(nodeField) })),
});

const selector = allOf(
  fieldsOf({ matchLabels: textMap, matchExpressions: objects(fieldsOf({ key: text, operator: text, values: texts })) }),
  (value, path) => {
    const [fault] = validateLabelSelector(selectorOf(value), path);
    return fault === undefined ? undefined : `${fault.field}: ${fault.message}`;
  },
);

const topologyKeyFault = ({ topologyKey }: Bag, path: string): string | undefined =>
  textOf(topologyKey) === '' ? `${path}.topologyKey: name the node label to go by` : undefined;

const podTerms = fieldsOf({
  requiredDuringSchedulingIgnoredDuringExecution: objects(
    fieldsOf(
      {
        topologyKey: text,
        labelSelector: selector,
        namespaceSelector: selector,
        namespaces: texts,
        matchLabelKeys: texts,
        mismatchLabelKeys: texts,
      },
      topologyKeyFault,
    ),
  ),
});

const toleration = fieldsOf(
  {
    key: text,
    operator: oneOf('', 'Exists', 'Equal', 'Lt', 'Gt'),
    value: text,
    effect: oneOf('', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'),
  },
  ({ key, operator, value }, path) => {
    if (operator === 'Exists') return textOf(value) === '' ? undefined : `${path}.value: Exists wants no value`;
    return textOf(key) === '' ? `${path}.operator: without a key it is Exists, which tolerates all taints` : undefined;
  },
);

const spreadPolicy = oneOf('Honor', 'Ignore');

const spreadRule = fieldsOf(
  {
    topologyKey: text,
    maxSkew: integer(1),
    minDomains: integer(1),
    whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'),
    labelSelector: selector,
    matchLabelKeys: texts,
    nodeAffinityPolicy: spreadPolicy,
    nodeTaintsPolicy: spreadPolicy,
  },
  (rule, path) =>
    topologyKeyFault(rule, path) ??
    (integerOf(rule.maxSkew) === undefined ? `${path}.maxSkew: a whole number from 1 on is wanted` : undefined),
);

/** One constraint for a key, hard or soft. */
const spreadTwice: Check = (rules, path) => {
  const seen = new Set<string>();
  for (const [at, { topologyKey, whenUnsatisfiable }] of bagsOf(rules).entries()) {
    const pair = `${textOf(topologyKey)} ${whenUnsatisfiable ?? 'DoNotSchedule'}`;
    if (seen.has(pair)) return `${path}[${at}].topologyKey: ${textOf(topologyKey)} is there twice; write one constraint for a key`;
    seen.add(pair);
  }
  return undefined;
};

const podSpec = fieldsOf({
  containers: objects(container),
  initContainers: objects(container),
  resources,
  overhead: object,
  nodeName: text,
  nodeSelector: textMap,
  runtimeClassName: text,
  priorityClassName: text,
  hostNetwork: truth,
  activeDeadlineSeconds: integer(1),
  tolerations: objects(toleration),
  affinity: fieldsOf({
    nodeAffinity: fieldsOf({ requiredDuringSchedulingIgnoredDuringExecution: nodeTerms }),
    podAffinity: podTerms,
    podAntiAffinity: podTerms,
  }),
  topologySpreadConstraints: allOf(objects(spreadRule), spreadTwice),
  resourceClaims: objects(fieldsOf({ name: text, resourceClaimName: text, resourceClaimTemplateName: text })),
  volumes: objects(object),
});

const metadata = fieldsOf({ labels: textMap, annotations: textMap });

/** What is wrong with a template; undefined when it can be counted. `path` is that of its spec. */
export const demandFault = ({ metadata: meta, spec }: PodTemplate, path: string): string | undefined => {
  if (!isBag(spec)) return `${path}: a pod spec is wanted`;
  if (!Array.isArray(spec.containers) || spec.containers.length === 0) return `${path}.containers: name at least one container`;
  return (
    podSpec(spec, path) ??
    podAmountsFault(spec, path) ??
    podRequirementsFault(spec, path) ??
    metadata(meta, path.replace(/spec$/, 'metadata'))
  );
};
