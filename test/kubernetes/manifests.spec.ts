import { LINK_THRESHOLDS } from '@muster/hierarchy/link.js';
import { houseRules } from './house-rules.js';
import { type KubernetesObject, overlays, renderOverlay, renderVariant, variants } from './rendered-site.js';
import { schemaFindings, unknownFields } from './schemas.js';

const rendered = new Map<string, KubernetesObject[]>([
  ...overlays.map((name) => [`the overlay ${name}`, renderOverlay(name)] as const),
  ...Object.entries(variants).map(([name, variant]) => [name, renderVariant(variant)] as const),
]);
const primary = () => structuredClone(rendered.get('the overlay primary') ?? []);

describe.each([...rendered])('%s, rendered', (_name, objects) => {
  it('has objects that the API server takes', async () => {
    expect(objects.length).toBeGreaterThan(35);
    expect((await Promise.all(objects.map(schemaFindings))).flat()).toEqual([]);
  });

  it.each(Object.entries(houseRules))('%s', (_title, rule) => {
    expect(rule(objects)).toEqual([]);
  });
});

it('none of them has a field that no schema knows', () => {
  const each = new Map([...rendered.values()].flat().map((object) => [JSON.stringify(object), object]));
  expect(unknownFields([...each.values()])).toEqual([]);
});

it('alerts of links speak of the thresholds that links are judged by', () => {
  const rules = JSON.stringify(primary().find(({ kind }) => kind === 'PrometheusRule')?.spec).replaceAll(
    /(\\n|\s)+/g,
    ' ',
  );
  expect(rules).toContain(`(muster_link_failed_attempts) >= ${LINK_THRESHOLDS.degraded} and`);
  expect(rules).toContain(`(muster_link_failed_attempts) < ${LINK_THRESHOLDS.failed} "`);
  expect(rules).toContain(`(muster_link_failed_attempts) >= ${LINK_THRESHOLDS.failed}"`);
});

describe('a check of the manifests', () => {
  const workload = (objects: KubernetesObject[]) => {
    const found = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'muster-policy');
    if (!found) throw new Error('no policy');
    return found as unknown as {
      spec: { template: { spec: { containers: Record<string, unknown>[]; automountServiceAccountToken?: boolean } } };
    };
  };
  const container = (objects: KubernetesObject[]) => workload(objects).spec.template.spec.containers[0] ?? {};
  const broken = (change: (objects: KubernetesObject[]) => void) => {
    const objects = primary();
    change(objects);
    return objects;
  };

  it('sees a wrong type, a field that is not there, and an API that does not exist', async () => {
    const objects = broken((all) => Object.assign(container(all), { ports: [{ containerPort: 'http' }] }));
    expect((await Promise.all(objects.map(schemaFindings))).flat().join()).toMatch(/Deployment\/muster-policy/);
    const misspelt = broken((all) => Object.assign(container(all), { readynessProbe: {} }));
    expect(unknownFields(misspelt).join()).toMatch(/readynessProbe/);
    const [first] = primary();
    expect(await schemaFindings({ ...first!, apiVersion: 'apps/v1beta1' })).toHaveLength(1);
  });

  it.each<[keyof typeof houseRules, (objects: KubernetesObject[]) => unknown]>([
    [
      'runs no container as root, with rights, or on a root that it may write to',
      (all) => delete container(all)['securityContext'],
    ],
    [
      'gives no pod a token for the API server',
      (all) => delete workload(all).spec.template.spec.automountServiceAccountToken,
    ],
    ['says what each container needs, and bounds its memory', (all) => delete container(all)['resources']],
    ['asks every server whether it lives, is ready, and has started', (all) => delete container(all)['startupProbe']],
    [
      'names every image with a version that is not "latest"',
      (all) => (container(all)['image'] = 'example.com/muster:latest'),
    ],
    [
      'keeps secrets out of what is rendered: it refers to them only',
      (all) => (container(all)['env'] = [{ name: 'MUSTER_NATS_PASSWORD', value: 'hush' }]),
    ],
    ['spreads what runs more than once, and lets go of one at a time', (all) => drop(all, 'PodDisruptionBudget')],
    [
      'scales every service, and says the number of replicas nowhere else',
      (all) => drop(all, 'HorizontalPodAutoscaler'),
    ],
    ['has for each service a migration of the same image, and all of its secrets', (all) => drop(all, 'Job')],
    ['refers to no settings, account, service or port that is not there', (all) => drop(all, 'Service')],
    ['lets pods talk only where a policy says so, and find names', (all) => drop(all, 'NetworkPolicy')],
    [
      'watches each site for itself: its alerts never add up those of a cluster',
      (all) => {
        const rule = all.find(({ kind }) => kind === 'PrometheusRule')!;
        rule.spec = JSON.parse(JSON.stringify(rule.spec).replaceAll('namespace, ', '')) as Record<string, unknown>;
      },
    ],
    [
      'watches each site for itself: its alerts never add up those of a cluster',
      (all) => {
        const rule = all.find(({ kind }) => kind === 'PrometheusRule')!;
        const expr = 'max by (namespace, service) (one) > 0 and min_over_time(one[10m]) > 0';
        rule.spec = { groups: [{ name: 'muster', rules: [{ alert: 'NeverTrue', expr }] }] };
      },
    ],
    [
      'mounts everything once, and nothing that is not there',
      (all) => (container(all)['volumeMounts'] = ['/a', '/a'].map((mountPath) => ({ name: 'secrets', mountPath }))),
    ],
    [
      'has no listener that must refuse a route: of each host it takes HTTPRoutes, or GRPCRoutes, and never both',
      (all) => (all.find(({ kind }) => kind === 'HTTPRoute')!.kind = 'GRPCRoute'),
    ],
    [
      'has a connection to the database for each that a process may open, while all are replaced by new ones',
      (all) =>
        Object.assign(all.find(({ kind }) => kind === 'HorizontalPodAutoscaler')?.spec ?? {}, { maxReplicas: 60 }),
    ],
    [
      'takes the public only over TLS',
      (all) =>
        Object.assign(all.find(({ kind }) => kind === 'Gateway')?.spec ?? {}, {
          listeners: [{ protocol: 'HTTP', port: 80 }],
        }),
    ],
  ])('sees that a site no longer %s', (rule, change) => {
    expect(houseRules[rule]?.(broken(change))).not.toEqual([]);
  });
});

/** Takes the objects of a kind out. */
function drop(objects: KubernetesObject[], kind: string): void {
  objects.splice(0, objects.length, ...objects.filter((one) => one.kind !== kind));
}
