/** @module The fleet of an offline case, with what follows the workloads of its files. */
import type { WorkloadRef } from '../../shared/api/index.ts';
import type { Read } from '../../shared/capacity/index.ts';
import { parseApiVersion } from '../../shared/kube/object.ts';
import { keyOf, type StorageKey } from '../../shared/kube/storage/index.ts';
import { fleetOfCase, makePlan, type Plan, type PlanCase, type PlanFleet, readPlanObjects } from '../../shared/plan/index.ts';
import { refOf, withFollowing } from '../control/index.ts';
import { UsageError } from './context.ts';
import { type CaseWords, caseOf } from './plan-case.ts';

/** Where an object of a file is kept: offline nobody says the plural of a kind, but those that follow have regular ones. */
const keyOfRef = ({ apiVersion, kind, namespace, name }: WorkloadRef): StorageKey =>
  keyOf(parseApiVersion(apiVersion).group, `${kind.toLowerCase()}s`, namespace, name);

/** {@link fleetOfCase}, with the objects told apart that go along with a workload which names them. */
export const offlineFleet = (one: PlanCase): Read<PlanFleet> => {
  const [fleet, read] = [fleetOfCase(one), readPlanObjects(one.objects)];
  if (!fleet.ok || !read.ok || fleet.value.unselected.length === 0) return fleet;
  const entries = read.value.workloads.map((object) => ({ key: keyOfRef(refOf(object)), object }));
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  const objects = {
    get: (key: StorageKey) => byKey.get(key),
    list: (prefix: string) => entries.filter(({ key }) => key.startsWith(prefix)),
  };
  return { ok: true, value: withFollowing(fleet.value, objects, keyOfRef) };
};

/** The fleet that the words of the command line describe. @throws UsageError, also where no cluster is known: there is nothing to plan on */
export const fleetOfWords = async (words: CaseWords): Promise<PlanFleet> => {
  const fleet = offlineFleet(await caseOf(words));
  if (!fleet.ok) throw new UsageError(fleet.message);
  if (fleet.value.clusters.length > 0) return fleet.value;
  throw new UsageError('--offline knows of no cluster: give --cluster NAME=DUMP of each, or Clusters in the files');
};

/** Plans a case. */
export const planOffline = (one: PlanCase, env: { readonly nowMs: number }): Read<Plan> => {
  const fleet = offlineFleet(one);
  return fleet.ok ? { ok: true, value: makePlan(fleet.value, env) } : fleet;
};
