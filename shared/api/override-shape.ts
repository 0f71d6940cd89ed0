/** @module The shape of an override rule: what differs in some clusters. */
import { envVarName, type Fault, forbidden, invalid, labelValue, qualifiedName, required } from '../kube/names/index.ts';
import { anything, fields, list, must, type Shape, text, textMap, word } from './shape.ts';

const entriesMax = 256;
const operations = ['add', 'remove', 'replace', 'copy', 'move', 'test'];
const pointer = (value: string): string[] =>
  value === '' || value.startsWith('/') ? [] : ["must be a JSON pointer that starts with '/', such as /metadata/labels/cloud"];

/** Fields that the hub itself decides, and what holds them: a patch may not touch them. What it does below `/spec` as a whole shows when it is applied. */
const reserved = ['', '/apiVersion', '/kind', '/metadata', '/metadata/name', '/metadata/namespace', '/spec/replicas'];

const decided = (place: string): string => `${place === '' ? 'the whole object' : place} is decided by the placement and cannot be patched`;

const patchOperation = fields(
  'One operation of a JSON patch (RFC 6902).',
  {
    op: must(word('What to do.', operations)),
    path: must(text('JSON pointer of the place.', pointer)),
    from: text('JSON pointer of the source, for copy and move.', pointer),
    value: anything('The value, for add, replace and test.'),
  },
  (value, path): Fault[] => {
    const [op, place] = [String(value.op), String(value.path)];
    if (op !== 'test' && reserved.includes(place)) return [forbidden(`${path}.path`, decided(place))];
    const source = String(value.from);
    if (op === 'move' && (source === '/spec' || reserved.includes(source))) return [forbidden(`${path}.from`, decided(source))];
    if ((op === 'copy' || op === 'move') && value.from === undefined) return [required(`${path}.from`, `operation ${op} needs a source`)];
    if ((op === 'add' || op === 'replace' || op === 'test') && value.value === undefined)
      return [required(`${path}.value`, `operation ${op} needs a value`)];
    return [];
  },
);

const image = fields(
  'Parts of the images of all containers that are replaced.',
  {
    registry: text('Registry, such as mirror.example:5000.', (value) =>
      /^[A-Za-z0-9.-]+(:[0-9]+)?(\/[a-z0-9._/-]+)?$/.test(value)
        ? []
        : ['must be a host with an optional port, such as mirror.example:5000'],
    ),
    repository: text('Repository without registry and tag, such as shop/web.', (value) =>
      /^[a-z0-9]+([._/-][a-z0-9._/-]*)?$/.test(value) ? [] : ['must be lower case, such as shop/web'],
    ),
    tag: text('Tag; it takes the place of a digest too.', (value) =>
      /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(value) ? [] : ['must be a tag such as v1.2'],
    ),
  },
  (value, path) => (Object.keys(value).length === 0 ? [required(`${path}.registry`, 'set registry, repository or tag')] : []),
);

const effects = ['image', 'env', 'labels', 'annotations', 'patch'];

/** The shape of one rule of `spec.overrides`. */
export const overrideShape = (clusterSelector: Shape): Shape =>
  fields(
    'What differs in some clusters. Image, env, labels and annotations are changed first, then the patch is applied.',
    {
      clusterSelector,
      image,
      env: list(
        'Environment variables set in every container.',
        fields('An environment variable.', { name: must(text('Name of the variable.', envVarName)), value: must(text('Its value.')) }),
        { type: 'map', keys: ['name'] },
        entriesMax,
      ),
      labels: textMap("Labels set on the object, not on its pod template: the template's are bound to the selector.", {
        key: qualifiedName,
        value: labelValue,
      }),
      annotations: textMap('Annotations set on the object.', { key: (key) => qualifiedName(key.toLowerCase()) }),
      patch: list('A JSON patch on the object.', patchOperation, { type: 'atomic' }, entriesMax),
    },
    (value, path) =>
      effects.some((name) => value[name] !== undefined)
        ? []
        : [invalid(path, 'override', `changes nothing; set at least one of ${effects.join(', ')}`)],
  );
