/** @module What one replica asks for in clusters where overrides of its policy change that: room is counted by what the member will run. Pure. */
import type { PodShape } from '../capacity/index.ts';
import type { KubeObject } from '../kube/object.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { overrideObject, readByRules } from './override.ts';
import { podTemplateOf } from './workload-fields.ts';

/** Shapes by the labels of a cluster. */
export type AlteredShapes = {
  /** Two with the same key answer the same everywhere. */
  readonly key: string;
  /** An override that does not fit the object changes nothing here: what runs there runs as it was sent before. */
  readonly under: (clusterLabels: Readonly<Record<string, string>>) => PodShape;
};

/** Images, environment and metadata ask for no room; a patch of anything but metadata may. */
const changesShape = ({ patch = [] }: CompiledPolicy['overrides'][number]): boolean =>
  patch.some(({ path }) => path !== '/metadata' && !path.startsWith('/metadata/'));

/**
 * The shapes of an object under a policy's overrides; undefined where none of them can change what it asks for. `shape` is the object's own,
 * `shapeOf` reads one off a changed object.
 */
export const alteredShapesOf = (
  object: KubeObject,
  { overrides }: Pick<CompiledPolicy, 'overrides'>,
  shape: PodShape,
  shapeOf: (object: KubeObject) => PodShape | undefined,
): AlteredShapes | undefined => {
  if (!overrides.some(changesShape)) return undefined;
  return {
    key: `${shape.key}|${JSON.stringify([overrides, podTemplateOf(object)])}`,
    under: readByRules(overrides, (clusterLabels) => {
      const changed = overrideObject(object, overrides, clusterLabels);
      return (changed.ok ? shapeOf(changed.object) : undefined) ?? shape;
    }),
  };
};
