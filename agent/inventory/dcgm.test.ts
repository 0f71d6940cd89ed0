/** @module Rules of GPU figures: units as DCGM has them, blanks are not numbers, and an exporter that lies or floods is bounded. */
import { afterEach, describe, expect, test } from 'vitest';
import { httpClient } from '../cluster/index.ts';
import { readersOf } from '../readers.ts';
import { realEnv, until } from '../testing/env.ts';
import { json, type RawServer, rawServer } from '../testing/raw-server.ts';
import { startDcgm } from './dcgm.ts';
import { createDcgmFigures } from './dcgm-figures.ts';
import { dcgmSamples } from './dcgm-text.ts';
import { createInventoryState, type InventoryState } from './state.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Figures = Readonly<Record<string, number | string>>;

const line = (metric: string, gpu: string, value: number | string, more = ''): string =>
  `DCGM_FI_DEV_${metric}{gpu="${gpu}",UUID="GPU-${gpu}",device="nvidia${gpu}",modelName="NVIDIA A100-SXM4-40GB",Hostname="n1"${more}} ${value}`;

const gpuText = (gpu: string, figures: Figures, more = ''): string =>
  Object.entries(figures)
    .map(
      ([metric, value]) =>
        `# HELP DCGM_FI_DEV_${metric} What it is.\n# TYPE DCGM_FI_DEV_${metric} gauge\n${line(metric, gpu, value, more)}`,
    )
    .join('\n');

const useOf = (...texts: string[]) => {
  const figures = createDcgmFigures();
  for (const text of texts) figures.add(dcgmSamples(text));
  return figures.figures();
};

describe('what an exporter says', () => {
  test('utilisation is the mean, memory and power are sums, heat is that of the hottest', () => {
    const first = gpuText('0', { GPU_UTIL: 90, FB_USED: 30_000, FB_FREE: 10_000, GPU_TEMP: 61, POWER_USAGE: 300.7, XID_ERRORS: 0 });
    const second = gpuText('1', { GPU_UTIL: 15, FB_USED: 10, FB_FREE: 39_990, GPU_TEMP: 70, POWER_USAGE: 60.5, XID_ERRORS: 79 });
    expect(useOf(`${first}\n${second}\n`)).toEqual([
      {
        product: 'NVIDIA-A100-SXM4-40GB',
        gpus: 2,
        utilizationPercent: 52,
        memoryUsedMiB: 30_010,
        memoryTotalMiB: 80_000,
        temperatureMaxCelsius: 70,
        powerWatts: 361,
        xid: { 79: 1 },
      },
    ]);
  });

  test('the exporters of a cluster add up', () => {
    const text = (uuid: string): string => gpuText(uuid, { GPU_UTIL: 50, FB_USED: 1, FB_FREE: 1 });
    expect(useOf(text('a'), text('b'), text('c'))).toMatchObject([{ gpus: 3, utilizationPercent: 50, memoryTotalMiB: 6 }]);
  });

  test.each(['9223372036854775794', '4611686018427387904', '2147483632', '140737488355328', 'NaN', '+Inf', '-5', '1e400', '0x10', ''])(
    '%j is a blank, not a number',
    (value) => {
      expect(
        useOf(
          gpuText('0', { GPU_UTIL: value, FB_USED: value, FB_FREE: value, GPU_TEMP: value === '-5' ? 'NaN' : value, POWER_USAGE: value }),
        ),
      ).toEqual([]);
    },
  );

  test('a figure that is blank is absent while the others stand', () => {
    expect(useOf(gpuText('0', { GPU_UTIL: 10, POWER_USAGE: '9223372036854775794' }))).toEqual([
      { product: 'NVIDIA-A100-SXM4-40GB', gpus: 1, utilizationPercent: 10 },
    ]);
  });

  test('instances of MIG share one GPU: their memory adds up, its heat and power count once', () => {
    const instance = (id: string): string =>
      gpuText('0', { FB_USED: 1_000, FB_FREE: 3_864, GPU_TEMP: 50, POWER_USAGE: 100 }, `,GPU_I_PROFILE="1g.5gb",GPU_I_ID="${id}"`);
    expect(useOf(`${instance('7')}\n${instance('8')}`)).toMatchObject([
      { gpus: 1, memoryUsedMiB: 2_000, memoryTotalMiB: 9_728, temperatureMaxCelsius: 50, powerWatts: 100 },
    ]);
  });

  test('a GPU that several pods share counts once', () => {
    const lines = ['a', 'b'].map((pod) => line('FB_USED', '0', 500, `,namespace="ai",pod="${pod}",container="c"`));
    expect(useOf(lines.join('\n'))).toMatchObject([{ gpus: 1, memoryUsedMiB: 500 }]);
  });

  test.each<[string, string]>([
    ['no text', ''],
    ['a page', '<html>\n<body>DCGM_FI_DEV_GPU_UTIL 5</body>'],
    ['a metric without labels', 'DCGM_FI_DEV_GPU_UTIL 5'],
    ['labels that do not end', `DCGM_FI_DEV_GPU_UTIL{modelName="${'a'.repeat(3_000)} 5`],
    ['a line without an end', `DCGM_FI_DEV_GPU_UTIL{modelName="A",UUID="${'x'.repeat(100_000)}"} 5`],
    ['brackets and blanks', `DCGM_FI_DEV_GPU_UTIL${'{} '.repeat(1_300)}`],
    ['escapes', `DCGM_FI_DEV_GPU_UTIL{modelName="${'\\'.repeat(3_001)}"} 5`],
  ])('%s tells nothing and does no harm', (_, text) => {
    expect(useOf(text)).toEqual([]);
  });

  test('a flood of GPUs, products and errors is cut off', () => {
    const lines = Array.from({ length: 40_000 }, (_, n) => `DCGM_FI_DEV_XID_ERRORS{UUID="${n}",modelName="M${n % 500}"} ${n + 1}`);
    expect(dcgmSamples(lines.join('\n')).length).toBe(16_384);
    const use = useOf(lines.join('\n'));
    expect(use.length).toBeLessThanOrEqual(64);
    expect(use.reduce((sum, { gpus }) => sum + gpus, 0)).toBeLessThanOrEqual(256);
  });
});

const pod = (name: string, node: string, port: number | undefined) => ({
  metadata: { name, namespace: 'gpu-operator' },
  spec: { nodeName: node, containers: [{ ports: port === undefined ? [] : [{ name: 'metrics', containerPort: port }] }] },
  status: { phase: 'Running', podIP: '127.0.0.1' },
});

const listOf = (items: readonly object[]) => ({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items });

const serve = async (answer: RawServer['answer']): Promise<RawServer> => {
  const server = await rawServer(answer);
  closers.push(server.close);
  return server;
};

const start = (server: RawServer, inCluster: boolean): InventoryState => {
  const api = httpClient(server.access);
  closers.push(api.close);
  const state = createInventoryState();
  const { metrics } = readersOf(api, { kubelets: false, inCluster });
  if (metrics === undefined) throw new Error('no reader');
  closers.push(startDcgm({ env: realEnv(), state, client: api, metrics, onChange: () => undefined }).stop);
  return state;
};

const portOf = (server: RawServer): number => Number(new URL(server.access.server).port);

describe('exporters', () => {
  test('in the cluster they are read by their addresses, one a node', async () => {
    const exporter = await serve((_request, response) => response.end(gpuText('0', { GPU_UTIL: 33 })));
    const api = await serve((request, response) => {
      const byName = request.url?.includes('app.kubernetes.io') === true;
      json(response, 200, listOf([pod(byName ? 'one' : 'other', 'n1', portOf(exporter))]));
    });
    const state = start(api, true);
    await until('figures', () => state.gpuUse.length > 0);
    expect(state.gpuUse).toEqual([{ product: 'NVIDIA-A100-SXM4-40GB', gpus: 1, utilizationPercent: 33 }]);
    expect(exporter.requests).toEqual(['GET /metrics']);
  });

  test('from outside they are read through the API server; those that refuse are told with what to grant', async () => {
    const api = await serve((request, response) => {
      if (request.url?.includes('/proxy/metrics') !== true)
        json(response, 200, listOf([pod('one', 'n1', undefined), pod('two', 'n2', 9_401)]));
      else if (request.url === '/api/v1/namespaces/gpu-operator/pods/one%3A9400/proxy/metrics')
        response.end(gpuText('0', { GPU_TEMP: 40 }));
      else json(response, 403, { kind: 'Status', code: 403, reason: 'Forbidden', message: 'no' });
    });
    const state = start(api, false);
    await until('figures', () => state.gpuUse.length > 0);
    expect(state.gpuUse).toMatchObject([{ gpus: 1, temperatureMaxCelsius: 40 }]);
    expect(state.untold.get('dcgm')).toEqual([
      "GPU figures of n2: Forbidden: no: grant get on pods/proxy to the agent's identity, or run the agent in the cluster",
    ]);
  });

  test('an answer without end is cut off, and what is no answer is told', async () => {
    const exporter = await serve((_request, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    const page = await serve((_request, response) => response.end('<html>'));
    const api = await serve((_request, response) =>
      json(response, 200, listOf([pod('one', 'n1', portOf(exporter)), pod('two', 'n2', portOf(page))])),
    );
    const state = start(api, true);
    await until('the round', () => (state.untold.get('dcgm') ?? []).length > 0);
    expect(state.gpuUse).toEqual([]);
    expect(state.untold.get('dcgm')).toEqual([
      'GPU figures of n1: TooLarge: the answer is larger than 4 MiB',
      'GPU figures of n2: Nonsense: two tells no figure of a GPU',
    ]);
  });
});
