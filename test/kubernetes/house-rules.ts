import type { Container, KubernetesObject, PodSpec } from './rendered-site.js';
import { podOf } from './rendered-site.js';

/** Of a process, `maximumConnections` in libs/persistence. */
const CONNECTIONS_OF_A_PROCESS = 10;
/** Of each service while a release rolls out. */
const SURGE = 1;
/** Migrations, the operator's, and those that Postgres keeps for administrators. */
const OTHER_CONNECTIONS = 20;

/** What we hold every rendered site to, beyond what Kubernetes asks. Each answers what is wrong; empty: nothing. */
export const houseRules: Record<string, (objects: readonly KubernetesObject[]) => string[]> = {
  'runs no container as root, with rights, or on a root that it may write to': (objects) =>
    eachContainer(objects, ({ container, pod }) => {
      const own = container.securityContext ?? {};
      const drop = (own['capabilities'] as { drop?: string[] } | undefined)?.drop;
      return [
        pod.securityContext?.['runAsNonRoot'] === true ? '' : 'runAsNonRoot is not true',
        Number(pod.securityContext?.['runAsUser']) >= 10_000 ? '' : 'runAsUser may be one of the host',
        (pod.securityContext?.['seccompProfile'] as { type?: string } | undefined)?.type === 'RuntimeDefault'
          ? ''
          : 'no seccomp profile',
        own['readOnlyRootFilesystem'] === true ? '' : 'the root is writable',
        own['allowPrivilegeEscalation'] === false ? '' : 'may gain rights',
        drop?.includes('ALL') ? '' : 'keeps capabilities',
        pod.hostNetwork || pod.hostPID || pod.volumes?.some(({ hostPath }) => hostPath) ? 'reaches into the host' : '',
      ];
    }),
  'gives no pod a token for the API server': (objects) =>
    eachPod(objects, (pod) => [
      pod.automountServiceAccountToken === false ? '' : 'automountServiceAccountToken is not false',
      pod.enableServiceLinks === false ? '' : 'enableServiceLinks is not false',
    ]),
  'says what each container needs, and bounds its memory': (objects) =>
    eachContainer(objects, ({ container: { resources } }) => [
      resources?.requests?.['cpu'] && resources.requests['memory'] ? '' : 'no requests for processor and memory',
      resources?.limits?.['memory'] ? '' : 'no limit for memory',
    ]),
  'asks every server whether it lives, is ready, and has started': (objects) =>
    eachContainer(
      objects.filter(({ kind }) => kind !== 'Job'),
      ({ container }) => [
        container.livenessProbe ? '' : 'no liveness probe',
        container.readinessProbe ? '' : 'no readiness probe',
        container.startupProbe ? '' : 'no startup probe',
      ],
    ),
  'names every image with a version that is not "latest"': (objects) =>
    eachContainer(objects, ({ container: { image } }) => [
      /^[a-z0-9.-]+\/.+:(?!latest$)[\w.-]+$/.test(image) ? '' : `the image is "${image}"`,
    ]),
  'keeps secrets out of what is rendered: it refers to them only': (objects) => [
    ...objects.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => `Secret/${metadata.name} is rendered`),
    ...eachContainer(objects, ({ container }) =>
      (container.env ?? []).map(({ name, value }) =>
        /PASSWORD|SECRET|TOKEN|_KEY$|DATABASE_URL/.test(name) && value && !name.endsWith('_FILE')
          ? `${name} has a value`
          : '',
      ),
    ),
  ],
  'spreads what runs more than once, and lets go of one at a time': (objects) => {
    const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget').map(({ spec }) => spec?.['selector']);
    return eachPod(
      objects.filter(({ kind }) => kind !== 'Job'),
      (pod, labels) => [
        pod.topologySpreadConstraints?.length ? '' : 'is not spread',
        budgets.some((selector) => selects(selector, labels)) ? '' : 'has no disruption budget',
      ],
    );
  },
  'scales every service, and says the number of replicas nowhere else': (objects) =>
    objects
      .filter(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.labels?.['app.kubernetes.io/component'] === 'service',
      )
      .flatMap(({ metadata: { name }, spec }) => {
        const scaler = objects.find((one) => one.kind === 'HorizontalPodAutoscaler' && scaled(one) === name);
        if (!scaler) return [`Deployment/${name} has no autoscaler`];
        if (!(Number(scaler.spec?.['minReplicas']) >= 2)) return [`Deployment/${name} may be a single process`];
        return spec?.['replicas'] === undefined ? [] : [`Deployment/${name} says replicas, too`];
      }),
  'has for each service a migration of the same image, and all of its secrets': (objects) =>
    objects
      .filter(({ kind }) => kind === 'Deployment')
      .flatMap((object) => {
        const service = object.metadata.name.replace(/^muster-/, '');
        const job = objects.find(
          ({ kind, metadata }) => kind === 'Job' && metadata.name === `muster-migration-${service}`,
        );
        const [own, its] = [podOf(object)?.spec.containers[0], job && podOf(job)?.spec.containers[0]];
        if (!its) return [`Deployment/${object.metadata.name} has no migration`];
        return [
          own?.image === its.image ? '' : `the migration of ${service} has another image`,
          own?.args?.[0] === `dist/apps/${service}/src/main.js` ? '' : `${service} starts ${own?.args?.join(' ')}`,
          its.args?.[0] === `dist/apps/${service}/src/migrate.js` ? '' : `the migration starts ${its.args?.join(' ')}`,
        ].filter(Boolean);
      }),
  'refers to no settings, account, service or port that is not there': (objects) => {
    const has = (kind: string, name: string) => objects.some((one) => one.kind === kind && one.metadata.name === name);
    return [
      ...eachContainer(objects, ({ container }) => [
        ...(container.envFrom ?? []).map(({ configMapRef }) =>
          configMapRef && !has('ConfigMap', configMapRef.name) ? `no ConfigMap ${configMapRef.name}` : '',
        ),
        ...(container.env ?? []).map(({ valueFrom }) =>
          valueFrom?.['configMapKeyRef'] && !has('ConfigMap', valueFrom['configMapKeyRef'].name)
            ? `no ConfigMap ${valueFrom['configMapKeyRef'].name}`
            : '',
        ),
      ]),
      ...eachPod(objects, (pod) =>
        (pod.volumes ?? []).map(({ configMap }) =>
          configMap && !has('ConfigMap', configMap.name) ? `no ConfigMap ${configMap.name}` : '',
        ),
      ),
      ...backends(objects).flatMap(({ route, name, port }) => {
        const service = objects.find((one) => one.kind === 'Service' && one.metadata.name === name);
        const ports = (service?.spec?.['ports'] ?? []) as { port: number }[];
        return ports.some((one) => one.port === port) ? [] : [`${route} sends to ${name}:${port}, which is not there`];
      }),
    ];
  },
  'mounts everything once, and nothing that is not there': (objects) =>
    objects.flatMap((object) => {
      const pod = podOf(object);
      if (!pod) return [];
      const volumes = [...(pod.spec.volumes ?? []).map(({ name }) => name), ...pod.claims];
      const wrong = twice(volumes).map((name) => `two volumes are called ${name}`);
      for (const { name: container, volumeMounts = [] } of pod.spec.containers) {
        wrong.push(
          ...twice(volumeMounts.map(({ mountPath }) => mountPath)).map((path) => `${container} has ${path} twice`),
        );
        const missing = volumeMounts.filter(({ name }) => !volumes.includes(name));
        wrong.push(...missing.map(({ name }) => `${container} mounts ${name}, which is not there`));
      }
      return wrong.map((one) => `${pod.of}: ${one}`);
    }),
  'has no listener that must refuse a route: of each host it takes HTTPRoutes, or GRPCRoutes, and never both': (
    objects,
  ) => {
    const hosts = (kind: string) =>
      objects
        .filter((one) => one.kind === kind)
        .flatMap(({ spec }) => (spec?.['hostnames'] ?? ['every host']) as string[]);
    const grpc = new Set(hosts('GRPCRoute'));
    return [...new Set(hosts('HTTPRoute'))]
      .filter((host) => grpc.has(host))
      .map((host) => `${host} has HTTPRoutes and GRPCRoutes`);
  },
  'has a connection to the database for each that a process may open, while all are replaced by new ones': (objects) =>
    objects
      .filter(({ kind }) => kind === 'Cluster')
      .flatMap(({ spec }) => {
        const postgres = spec?.['postgresql'] as { parameters?: { max_connections?: string } } | undefined;
        const processes = objects
          .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
          .reduce((sum, one) => sum + Number(one.spec?.['maxReplicas']) + SURGE, 0);
        const wanted = processes * CONNECTIONS_OF_A_PROCESS + OTHER_CONNECTIONS;
        return Number(postgres?.parameters?.max_connections) >= wanted ? [] : [`${wanted} connections are wanted`];
      }),
  'watches each site for itself: its alerts never add up those of a cluster': (objects) =>
    objects
      .filter(({ kind }) => kind === 'PrometheusRule')
      .flatMap(({ spec }) => spec?.['groups'] as { rules: { alert: string; expr: string }[] }[])
      .flatMap(({ rules }) => rules)
      .flatMap(({ alert, expr }) => {
        const by = [...expr.matchAll(/\bby \(([^)]*)\)/g)].map(([, labels = '']) => labels);
        const without = by.filter((labels) => !labels.split(', ').includes('namespace'));
        // Both sides of "and" must have the same labels, or it is never true.
        const sides = expr.split(/\band\b/).map((side) => /^\s*\w+ by \(([^)]*)\)/.exec(side)?.[1]);
        return [
          ...without.map((labels) => `${alert} is by ${labels}`),
          ...(new Set(sides).size > 1 ? [`the sides of ${alert} have different labels`] : []),
        ];
      }),
  'lets pods talk only where a policy says so, and find names': (objects) => {
    const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
    const all = policies.find(
      ({ spec }) => JSON.stringify(spec?.['podSelector']) === '{}' && !spec?.['ingress'] && !spec?.['egress'],
    );
    const names = policies.find(({ metadata }) => metadata.name === 'muster-names');
    const [rule] = (names?.spec?.['egress'] ?? []) as { to: { podSelector: unknown }[] }[];
    return [
      all ? '' : 'no policy forbids what no other allows',
      JSON.stringify(names?.spec?.['podSelector']) === '{}' ? '' : 'not every pod may ask for names',
      JSON.stringify(rule?.to[0]?.podSelector) === '{"matchLabels":{"k8s-app":"kube-dns"}}'
        ? ''
        : 'names are asked of nobody',
    ].filter(Boolean);
  },
  'takes the public only over TLS': (objects) =>
    objects
      .filter(({ kind }) => kind === 'Gateway')
      .flatMap(({ spec }) => spec?.['listeners'] as { protocol: string; tls?: { certificateRefs?: unknown[] } }[])
      .flatMap(({ protocol, tls }) =>
        protocol === 'HTTPS' && tls?.certificateRefs?.length ? [] : ['a listener without TLS'],
      ),
};

function eachPod(
  objects: readonly KubernetesObject[],
  judge: (pod: PodSpec, labels: Record<string, string>) => string[],
): string[] {
  return objects.flatMap((object) => {
    const pod = podOf(object);
    return pod
      ? judge(pod.spec, pod.labels)
          .filter(Boolean)
          .map((wrong) => `${pod.of}: ${wrong}`)
      : [];
  });
}

function eachContainer(
  objects: readonly KubernetesObject[],
  judge: (one: { container: Container; pod: PodSpec }) => string[],
): string[] {
  return eachPod(objects, (pod) =>
    [...(pod.initContainers ?? []), ...pod.containers].flatMap((container) =>
      judge({ container, pod })
        .filter(Boolean)
        .map((wrong) => `${container.name}: ${wrong}`),
    ),
  );
}

function scaled({ spec }: KubernetesObject): string | undefined {
  return (spec?.['scaleTargetRef'] as { name?: string } | undefined)?.name;
}

function twice(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function selects(selector: unknown, labels: Record<string, string>): boolean {
  const wanted = (selector as { matchLabels?: Record<string, string> }).matchLabels ?? {};
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function backends(objects: readonly KubernetesObject[]): { route: string; name: string; port: number }[] {
  return objects
    .filter(({ kind }) => kind === 'HTTPRoute' || kind === 'GRPCRoute')
    .flatMap(({ kind, metadata, spec }) =>
      ((spec?.['rules'] ?? []) as { backendRefs?: { name: string; port: number }[] }[]).flatMap(
        ({ backendRefs = [] }) =>
          backendRefs.map(({ name, port }) => ({ route: `${kind}/${metadata.name}`, name, port })),
      ),
    );
}
