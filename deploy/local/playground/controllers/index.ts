/** @module The controllers that make a playground member behave like a cluster. */
import type { Controller } from '../controller.ts';
import { cronJobController } from './cron-job.ts';
import { daemonSetController } from './daemon-set.ts';
import { deploymentController } from './deployment.ts';
import { jobController } from './job.ts';
import { kubeletController } from './kubelet.ts';
import { loadBalancerController } from './load-balancer.ts';
import { nodeLifecycleController } from './node-lifecycle.ts';
import { replicaSetController } from './replica-set.ts';
import { resourceQuotaController } from './resource-quota.ts';
import { schedulerController } from './scheduler.ts';
import { serviceController } from './service.ts';
import { statefulSetController } from './stateful-set.ts';
import { topologyController } from './topology.ts';
import { volumeClaimController } from './volume-claim.ts';

/** All of them. */
export const playgroundControllers: readonly Controller[] = [
  deploymentController,
  replicaSetController,
  statefulSetController,
  daemonSetController,
  jobController,
  cronJobController,
  serviceController,
  loadBalancerController,
  volumeClaimController,
  resourceQuotaController,
  nodeLifecycleController,
  schedulerController,
  kubeletController,
  topologyController,
];
