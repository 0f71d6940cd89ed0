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

/** Puts them into the member; tries again while it does not answer. Told once when the member does not take them. The answer ends it. */
export const installFencePolicy = (client: KubeClient, env: RuntimeEnv): (() => void) => {
  let cancel: () => void = () => undefined;
  let isStopped = false;
  const put = async (attempt: number): Promise<void> => {
    try {
      for (const object of fencePolicyObjects()) {
        const address = { group, version: 'v1', resource: resources[object.kind] ?? '', name };
        await client.patch(address, 'application/apply-patch+yaml', object, { fieldManager: FIELD_MANAGER, force: true });
      }
    } catch (error) {
      const { status, message } = failureOf(error);
      if (isStopped) return;
      if (status === 403 || status === 404)
        env.log.warn(
          'this cluster cannot refuse stale writes by itself: grant the agent validatingadmissionpolicies (hanse join --manifest shows all it needs)',
          { why: message },
        );
      else cancel = env.setTimer(backoffMs(attempt, backoff, env.random), () => void put(attempt + 1));
    }
  };
  void put(0);
  return () => {
    isStopped = true;
    cancel();
  };
};
