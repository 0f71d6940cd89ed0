/** @module The kinds that a hub serves, and which of them a person means: by what discovery says, as kubectl goes by it. */
import { bagOf, bagsOf, textOf, textsOf } from '../../shared/lib/fields.ts';

/** A kind as discovery tells it. */
export type ServedKind = {
  /** '' = core. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in URLs. */
  readonly resource: string;
  readonly kind: string;
  /** Every word for it, in lower case: plural, singular, kind and short names. */
  readonly words: ReadonlySet<string>;
  readonly namespaced: boolean;
};

/** Aggregated discovery (KEP-3352), which every hub has: two requests for all groups. */
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** What the hub serves, in its own order. `raw` asks for a path in a media type. */
export const servedKinds = async (raw: (path: string, accept: string) => Promise<unknown>): Promise<readonly ServedKind[]> => {
  const answers = await Promise.all(['/api', '/apis'].map((path) => raw(path, aggregated)));
  return answers.flatMap((answer) =>
    bagsOf(bagOf(answer).items).flatMap((group) =>
      bagsOf(group.versions).flatMap((version) =>
        bagsOf(version.resources).map((resource): ServedKind => {
          const kind = textOf(bagOf(resource.responseKind).kind);
          const words = [textOf(resource.resource), textOf(resource.singularResource), kind, ...textsOf(resource.shortNames)];
          return {
            group: textOf(bagOf(group.metadata).name),
            version: textOf(version.version),
            resource: textOf(resource.resource),
            kind,
            words: new Set(words.filter((word) => word !== '').map((word) => word.toLowerCase())),
            namespaced: resource.scope === 'Namespaced',
          };
        }),
      ),
    ),
  );
};

/** Those that `deploy`, `Deployment`, `deployments.apps` or `deployments.v1.apps` may mean; none = the hub serves no such type. */
export const kindsNamed = (kinds: readonly ServedKind[], type: string): readonly ServedKind[] => {
  const [word = '', ...qualifier] = type.toLowerCase().split('.');
  const within = qualifier.join('.');
  return kinds.filter(
    ({ words, group, version }) =>
      words.has(word) && (within === '' || within === group || within === (group === '' ? version : `${version}.${group}`)),
  );
};
