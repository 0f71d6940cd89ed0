/** @module The rules of services. */
import { describe, expect, it } from 'vitest';
import { withAt } from './read.ts';
import { created, typeOf, updated } from './testing/write.ts';

const services = typeOf('services');

describe('Services', () => {
  it.each<[object, string[]]>([
    [
      { clusterIP: 'None', ports: [{ port: 0 }] },
      [
        'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      { clusterIP: 'None', ports: [{ port: 80, protocol: 'HTTP' }] },
      ['spec.ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"'],
    ],
    [
      {
        clusterIP: 'None',
        ports: [
          { port: 80, name: 'a' },
          { port: 81, name: 'a' },
        ],
      },
      ['spec.ports[1].name: Duplicate value: "a"'],
    ],
    [
      { clusterIP: 'nowhere', ports: [{ port: 80 }] },
      ['spec.clusterIPs[0]: Invalid value: "nowhere": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    [{ ports: [] }, ['spec.ports: Required value']],
    [{ type: 'ExternalName' }, ['spec.externalName: Required value']],
    [
      { type: 'Magic', ports: [{ port: 80 }] },
      ['spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
    ],
    [
      { type: 'NodePort', clusterIP: 'None', ports: [{ port: 80 }] },
      ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services'],
    ],
    [
      { clusterIP: 'None', sessionAffinity: 'Sticky', ports: [{ port: 80 }] },
      ['spec.sessionAffinity: Unsupported value: "Sticky": supported values: "ClientIP", "None"'],
    ],
    [
      { clusterIP: 'None', ports: [{ port: 80, nodePort: 30_080 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      { clusterIP: '1.2.3', type: 'Magic', ports: [{ port: 0 }], sessionAffinity: 'Q' },
      ['spec.clusterIPs[0]: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    [
      { externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000, trafficDistribution: 'Near', ports: [{ port: 80 }] },
      [
        'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
        "spec.healthCheckNodePort: Invalid value: 31000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        'spec.trafficDistribution: Unsupported value: "Near": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
      ],
    ],
    [
      { loadBalancerSourceRanges: ['10.0.0.0/8'], loadBalancerClass: 'a', ports: [{ port: 80 }] },
      [
        "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
        "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
      ],
    ],
    [
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['x'], ports: [{ port: 80 }] },
      ['spec.LoadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ],
    [
      { type: 'NodePort', ports: [{ port: 80, nodePort: 5 }] },
      ['spec.ports[0].nodePort: Invalid value: 5: provided port is not in the valid range. The range of valid ports is 30000-32767'],
    ],
    [
      { externalIPs: ['127.0.0.1', '0.0.0.0'], ports: [{ port: 80 }] },
      [
        'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'spec.externalIPs[1]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
      ],
    ],
  ])('%j has the API server’s faults', (spec, faults) => {
    expect(created(services, { spec }).faults).toEqual(faults);
  });

  it('are given an address and keep it', () => {
    const { object } = created(services, { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } });
    expect(object.spec).toMatchObject({
      clusterIP: '10.0.0.7',
      clusterIPs: ['10.0.0.7'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      type: 'ClusterIP',
    });
    expect(object.status).toEqual({ loadBalancer: {} });
    const bare = withAt(withAt(object, ['spec', 'clusterIP'], undefined), ['spec', 'clusterIPs'], undefined);
    expect(updated(services, bare, object).object.spec).toEqual(object.spec);
    expect(updated(services, withAt(object, ['spec', 'clusterIP'], 'None'), object).faults).toEqual([
      'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set',
    ]);
  });

  it('of type NodePort have a port of their own for each port, and lose them with the type', () => {
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ];
    const { object, faults } = created(services, { spec: { type: 'NodePort', ports } });
    expect(faults).toEqual([]);
    expect(object.spec).toMatchObject({ externalTrafficPolicy: 'Cluster', ports: [{ nodePort: 30_001 }, { nodePort: 30_002 }] });
    const narrowed = updated(services, withAt(object, ['spec', 'type'], 'ClusterIP'), object);
    expect(narrowed.faults).toEqual([]);
    expect(JSON.stringify(narrowed.object.spec)).not.toContain('nodePort');
  });

  it('warn of external addresses', () => {
    const { warnings } = created(services, { spec: { externalIPs: ['192.0.2.1'], ports: [{ port: 80 }] } });
    expect(warnings).toEqual(['spec.externalIPs is deprecated and may no longer be implemented in some clusters']);
  });
});
