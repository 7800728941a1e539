import { LINK_THRESHOLDS } from '@muster/hierarchy/link.js';
import { houseRules } from './house-rules.js';
import { type KubernetesObject, overlays, renderOverlay } from './rendered-site.js';
import { schemaFindings, unknownFields } from './schemas.js';

const rendered = new Map(overlays.map((name) => [name, renderOverlay(name)]));
const primary = () => structuredClone(rendered.get('primary') ?? []);

describe.each([...rendered])('the rendered overlay %s', (_name, objects) => {
  it('has objects that the API server takes', async () => {
    expect(objects.length).toBeGreaterThan(40);
    expect((await Promise.all(objects.map(schemaFindings))).flat()).toEqual([]);
  });

  it.each(Object.entries(houseRules))('%s', (_title, rule) => {
    expect(rule(objects)).toEqual([]);
  });
});

it('no overlay has a field that no schema knows', () => {
  expect(unknownFields([...rendered.values()].flat())).toEqual([]);
});

it('alerts of links speak of the thresholds that links are judged by', () => {
  const rules = JSON.stringify(primary().find(({ kind }) => kind === 'PrometheusRule')?.spec);
  expect(rules).toContain(`(muster_link_failed_attempts) >= ${LINK_THRESHOLDS.degraded} and`);
  expect(rules).toContain(`(muster_link_failed_attempts) < ${LINK_THRESHOLDS.failed}"`);
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
