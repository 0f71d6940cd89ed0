/** @module The shape of a Cluster's status, for `kubectl explain`. Written by the hub alone. */
import { fields, integer, list, must, type Shape, text, textMap, word } from './shape.ts';

const int32Max = 2_147_483_647;
const apisMax = 5_000;
const listMax = 10_000;
const count = (description: string): Shape => integer(description, { min: 0, max: int32Max });

const condition = fields('One aspect of the state.', {
  type: must(text('Name of the aspect: Approved, Ready, …')),
  status: must(word('Whether it holds.', ['True', 'False', 'Unknown'])),
  reason: must(text('Why, in a word.')),
  message: must(text('Why, for a person, and what to do.')),
  lastTransitionTime: must(text('When the status last changed, RFC 3339.')),
  observedGeneration: integer('Generation this is about.', { min: 0, max: Number.MAX_SAFE_INTEGER }, { format: 'int64' }),
});

const amounts = (description: string): Shape => ({
  schema: { type: 'object', description, additionalProperties: { type: 'integer', format: 'int64' } },
  check: () => [],
});

/** Conditions as every kind of ours has them. */
export const conditionsShape = list('The state, aspect by aspect.', condition, { type: 'map', keys: ['type'] }, 64);

const gpuUse = fields('GPUs of one product; a figure that no exporter gave is absent.', {
  product: must(text('The product.')),
  gpus: must(count('GPUs that were heard.')),
  utilizationPercent: count('Mean utilisation, percent.'),
  memoryUsedMiB: count('Memory in use on all of them, MiB.'),
  memoryTotalMiB: count('Memory of all of them, MiB.'),
  temperatureMaxCelsius: integer('The hottest, degrees Celsius.', { min: -300, max: int32Max }),
  powerWatts: count('Power that all of them draw, W.'),
  xid: amounts('GPUs by the code of their last XID error.'),
});

const drainObject = fields('One object.', {
  kind: must(text('Its kind.')),
  namespace: text('Its namespace; empty for cluster-scoped kinds.'),
  name: must(text('Its name.')),
  replicas: count('Its replicas there; absent for objects that have none.'),
  why: must(text('Why it stays, for a person.')),
});

/** `status` of a Cluster. */
export const clusterStatusShape = fields('What was found out about the cluster.', {
  conditions: conditionsShape,
  agent: fields("The agent that holds the cluster's name.", {
    publicKey: must(text('Its public key on the bus (NATS nkey).')),
    sealingKey: must(text('Its X25519 public key, base64; Secrets are sealed to it.')),
    joinedAt: must(text('When it joined, RFC 3339.')),
    token: text('Name of the JoinToken it joined with.'),
    credentialExpiresAt: text('When the credential it was last given expires, RFC 3339; it is renewed at half of its life.'),
    version: text('Version of the agent.'),
    bootId: text('New at each start of the agent.'),
  }),
  clusterUID: text(
    "UID of the member's namespace kube-system, which names the cluster whatever it is called; absent = not known. A cluster has one Cluster.",
  ),
  kubernetesVersion: text('Version of the member.'),
  verdict: fields('Who or what is at fault, and who says so. Absent while nothing is.', {
    cause: must(
      word('What died, or is ill.', ['Cluster', 'DataPlane', 'Agent', 'Silent', 'APIServer', 'Broker', 'Hub', 'Link', 'Gray', 'Isolated']),
    ),
    message: must(text('The cause in words.')),
    since: must(text('Since when, RFC 3339.')),
    by: word('Observers: a majority of the other clusters. Hub: the hub alone, by silence, because there is no such majority.', [
      'Observers',
      'Hub',
    ]),
    phase: word('Returning: it is well again and held down. Held: it is agreed on, and the obstacle keeps it from coming into force.', [
      'Standing',
      'Returning',
      'Held',
    ]),
    heldUntil: text(
      'Until when it is held down if it stays well, RFC 3339; it takes no replicas before. Time in which too few of the others can tell does not count, and a doubt begins it anew. Absent while too few see it well.',
    ),
    votes: text('Votes for it, of those that it takes, of all observers: 3/3/4.'),
    voters: list('Who voted for it.', text('A cluster.'), { type: 'set' }, 64),
    epoch: count('Number of the decision; grows with each that moves something.'),
    obstacle: text(
      'What keeps its replicas where they are, while something does: a limit of the FailoverPolicy; the condition Ready says which, and until when.',
    ),
  }),
  verdictHistory: list(
    'The last verdicts on the cluster and the last outages of broker and hub, newest first.',
    fields('One verdict or outage.', {
      cause: must(text('What died, or was ill.')),
      phase: must(text('Standing, Returning, Held or Cleared.')),
      at: must(text('When, RFC 3339.')),
      since: text('Broker and Hub, which the agents tell when it is over: since when, RFC 3339.'),
      id: text('Broker and Hub: which outage of which start of the agent it is, so that it is told once.'),
      votes: text('Votes for it, of those that it takes, of all observers.'),
      voters: list('Who voted for it.', text('A cluster.'), { type: 'set' }, 64),
      message: text('What was found.'),
      epoch: count('Number of the newest decision then.'),
    }),
    { type: 'atomic' },
    64,
  ),
  fence: integer(
    'Singletons that the hub sent up to this number are stopped there: others may have taken over.',
    { min: 0, max: Number.MAX_SAFE_INTEGER },
    { format: 'int64' },
  ),
  labels: textMap('Labels that its agent learnt from its nodes; those in metadata.labels win. Policies select by both.'),
  drain: fields('How far the cluster has been emptied; present while spec.drain is.', {
    objects: must(count('Objects of the hub that are still there.')),
    replicas: must(count('Replicas of workloads among them.')),
    stuck: must(count('Replicas that find no place elsewhere and stay until they do.')),
    kept: count('Objects among them that have their place elsewhere, and that the cluster, which is not heard, keeps until it is back.'),
    staying: list('What stays until something else changes; the first 20.', drainObject, { type: 'atomic' }, 64),
    stayingMore: count('How many stay besides those.'),
    waiting: list('What leaves later, and what it waits for, as for its replacements; the first 20.', drainObject, { type: 'atomic' }, 64),
    waitingMore: count('How many wait besides those.'),
    since: must(text('Since when, RFC 3339.')),
    observedGeneration: must(count('metadata.generation of the Cluster that this was counted for.')),
  }),
  detectors: list(
    'What each detection profile would have done with the beats that came, over all observers.',
    fields('One profile.', {
      profile: must(text('fast, balanced or safe.')),
      observers: must(count('Observers that have told.')),
      suspicions: must(count('Silences longer than the profile waits.')),
      falseSuspicions: must(count('Those that no verdict followed, nor one that was held back.')),
      heldSuspicions: count('Those that a verdict followed which a limit of the FailoverPolicy, or its mode, kept from coming into force.'),
      deaths: must(count('Verdicts of death, as the observer that has seen most of them counts.')),
      callMilliseconds: must(count('The longest silence before the profile would have called one of them.')),
      longestSilenceMilliseconds: must(count('The longest silence.')),
      watchedSeconds: must(count('For how long, by the observer that watched longest.')),
    }),
    { type: 'map', keys: ['profile'] },
    8,
  ),
  nodes: fields('Nodes of the member.', { total: must(count('All nodes.')), ready: must(count('Ready nodes.')) }),
  capacity: fields('Sums over ready nodes; cpu in milli-CPU, memory in MiB.', {
    allocatable: must(amounts('What nodes offer to pods.')),
    free: must(amounts('What no pod has asked for.')),
    largestFreePerNode: amounts('The most that is free on one node that takes pods.'),
    largestFreePerZone: amounts('The most that is free in one NUMA zone; absent where no zone is told.'),
    gpuUse: list('Figures of DCGM by product.', gpuUse, { type: 'map', keys: ['product'] }, 64),
    observedAt: must(text('When the agent counted, RFC 3339.')),
  }),
  gpus: amounts('Physical GPUs by product.'),
  numa: fields('Ready nodes with NUMA zones.', { nodes: must(count('All of them.')), policies: must(amounts('By topology policy.')) }),
  potential: list(
    'Pools that an autoscaler could add nodes to; never part of what is free.',
    fields('One pool.', {
      source: must(text('cluster-autoscaler, cluster-api or karpenter.')),
      name: must(text('Its name.')),
      maxExtraNodes: count('Nodes it may still add; absent = not limited by number.'),
    }),
    { type: 'atomic' },
    listMax,
  ),
  unsupported: list('What the agent could not read, and why: of that nothing is known.', text('One source.'), { type: 'atomic' }, listMax),
  features: fields('What the member can do.', {
    runtimeClasses: list('RuntimeClasses.', text('A RuntimeClass.'), { type: 'set' }, listMax),
    networks: list('Secondary networks.', text('A network, namespace/name.'), { type: 'set' }, listMax),
  }),
  taints: list(
    'Taints that its health puts on it, beside those of the spec; a policy may tolerate them.',
    fields('A taint.', {
      key: must(text('Its key.')),
      effect: must(word('What becomes of replicas that do not tolerate it.', ['NoSchedule', 'PreferNoSchedule', 'NoExecute'])),
    }),
    { type: 'map', keys: ['key', 'effect'] },
    listMax,
  ),
  givenUpSince: text(
    'Since when it counts as lost, RFC 3339: its replicas are placed elsewhere, and who does not hear it sends it no requests. Absent while it does not.',
  ),
  addresses: fields(
    'Where the other clusters may look at this one from outside, as its agent tells. The API server counts where spec.probes names none; the load balancers where spec.probes is absent and no API server is told.',
    {
      apiServer: text('Its API server, https://host:port; absent where the agent reaches it from within the cluster.'),
      services: list('Load balancers of services that it exports.', text('tcp://host:port.'), { type: 'set' }, 8),
    },
  ),
  apis: list(
    'Kinds that the member serves.',
    fields('One group and version.', {
      groupVersion: must(text('Group and version.')),
      kinds: must(list('Its kinds.', text('A kind.'), { type: 'set' }, apisMax)),
    }),
    { type: 'map', keys: ['groupVersion'] },
    apisMax,
  ),
});
