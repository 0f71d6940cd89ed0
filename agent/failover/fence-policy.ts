/**
 * @module The member's own API server refuses writes that are older than what it has: a writer that was cut off and comes back late cannot
 * undo what was done since. A ValidatingAdmissionPolicy needs no webhook, and holds without agent and hub.
 */
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { backoffMs, type RuntimeEnv } from '../../shared/lib/index.ts';
import { failureOf } from '../cluster/index.ts';
import { FIELD_MANAGER, MANAGED_BY, MANAGED_BY_LABEL, WORK_SEQ } from '../work/index.ts';

const name = 'hanse-fence';
const group = 'admissionregistration.k8s.io';
const labels = { [MANAGED_BY_LABEL]: MANAGED_BY };

const hasNumber = (object: string): string => `has(${object}.metadata.annotations) && '${WORK_SEQ}' in ${object}.metadata.annotations`;
const numberOf = (object: string): string => `int(${object}.metadata.annotations['${WORK_SEQ}'])`;

/** The policy and its binding. Objects without our label are none of its business; an object that is given up may lose the number. */
const fencePolicyObjects = (): readonly KubeObject[] => [
  {
    apiVersion: `${group}/v1`,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name, labels },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        objectSelector: { matchLabels: labels },
        resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['UPDATE'], resources: ['*'] }],
      },
      matchConditions: [{ name: 'numbered', expression: `${hasNumber('oldObject')} && ${hasNumber('object')}` }],
      validations: [
        {
          expression: `${numberOf('object')} >= ${numberOf('oldObject')}`,
          message: 'the cluster has newer work than this: the writer was cut off, or another has taken over',
          reason: 'Forbidden',
        },
      ],
    },
  },
  {
    apiVersion: `${group}/v1`,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name, labels },
    spec: { policyName: name, validationActions: ['Deny'] },
  },
];

const resources: Readonly<Record<string, string>> = {
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
};
const backoff = { baseMs: 1_000, maxMs: 60_000 };
/** What is there already is written by nobody: to put it again costs the member two requests. */
const againEveryMs = 300_000;

/** The policy as the agent keeps it in its member. */
export type FencePolicy = {
  /** What of it the member forbids the agent, such as `patch validatingadmissionpolicies`. */
  readonly forbidden: () => readonly string[];
  /** What the member has stays there. */
  readonly stop: () => void;
};

/** Puts them into the member, at once and now and then: a member that is new, upgraded, restored or allowed it later has them as well. */
export const keepFencePolicy = (client: KubeClient, env: RuntimeEnv): FencePolicy => {
  let cancel: () => void = () => undefined;
  let isStopped = false;
  let isUnserved = false;
  let forbidden: string | undefined;
  const putOne = async (object: KubeObject): Promise<void> => {
    const resource = resources[object.kind] ?? '';
    try {
      await client.patch({ group, version: 'v1', resource, name }, 'application/apply-patch+yaml', object, {
        fieldManager: FIELD_MANAGER,
        force: true,
      });
    } catch (error) {
      if (failureOf(error).status === 403) forbidden = `patch ${resource}`;
      throw error;
    }
  };
  const put = async (attempt: number): Promise<void> => {
    let afterMs = againEveryMs;
    let next = 0;
    try {
      for (const object of fencePolicyObjects()) await putOne(object);
      [forbidden, isUnserved] = [undefined, false];
    } catch (error) {
      const { status } = failureOf(error);
      if (status === 404) {
        if (!isUnserved && !isStopped)
          env.log.warn(
            'this cluster cannot refuse stale writes by itself: it serves no ValidatingAdmissionPolicies (Kubernetes 1.30 and later do)',
          );
        // A right to what is not served is nothing to grant.
        [forbidden, isUnserved] = [undefined, true];
      } else if (status !== 403) {
        next = attempt + 1;
        afterMs = backoffMs(attempt, backoff, env.random);
      }
    }
    if (!isStopped) cancel = env.setTimer(afterMs, () => void put(next));
  };
  void put(0);
  return {
    forbidden: () => (forbidden === undefined ? [] : [forbidden]),
    stop: () => {
      isStopped = true;
      cancel();
    },
  };
};
