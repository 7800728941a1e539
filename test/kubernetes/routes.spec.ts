import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from '@muster/contracts/kinds/all.js';
import { protoFiles } from '@muster/contracts/proto.js';
import { routeGrpc, routeHttp, serviceNames } from '../../apps/edge/src/routes.js';
import { renderOverlay, root } from './rendered-site.js';

interface Match {
  path?: { type: string; value: string };
}

interface Rule {
  matches: Match[];
  filters?: { type: string; urlRewrite?: { path: { replaceFullPath?: string; replacePrefixMatch?: string } } }[];
  backendRefs?: { name: string; port: number }[];
}

const GRPC_PORT = 9090;

const rendered = renderOverlay('primary');
const rules = (kind: string) =>
  rendered.filter((one) => one.kind === kind).flatMap(({ spec }) => spec?.['rules'] as Rule[]);
const http = rules('HTTPRoute').flatMap((rule) => rule.matches.map(({ path }) => ({ path, rule })));

/** What a gateway does with a path: exact matches first, then the longest prefix of whole segments. */
function gatewayRoute(path: string): { service: string; path: string } | { redirect: true } | null {
  const exact = http.find((one) => one.path?.type === 'Exact' && one.path.value === path);
  const prefixes = http
    .filter(
      ({ path: match }) => match?.type === 'PathPrefix' && `${path}/`.startsWith(`${match.value.replace(/\/$/, '')}/`),
    )
    .sort((a, b) => (b.path?.value.length ?? 0) - (a.path?.value.length ?? 0));
  const found = exact ?? prefixes[0];
  if (!found) return null;
  const [filter] = found.rule.filters ?? [];
  if (filter?.type === 'RequestRedirect') return { redirect: true };
  const { replaceFullPath, replacePrefixMatch } = filter?.urlRewrite?.path ?? {};
  const prefix = (found.path?.value ?? '').replace(/\/$/, '');
  return {
    service: (found.rule.backendRefs?.[0]?.name ?? '').replace('muster-', ''),
    path:
      replaceFullPath ??
      (replacePrefixMatch === undefined ? path : `${replacePrefixMatch}${path.slice(prefix.length)}`),
  };
}

describe('the routes of the gateway', () => {
  const edge = readFileSync(join(root, 'apps', 'edge', 'src', 'routes.ts'), 'utf8');
  const prefixes = [...edge.matchAll(/\['(\/api\/v1\/[^']+)'/g)].map(([, prefix]) => prefix ?? '');

  it.each([...prefixes, ...KINDS.map(({ plural }) => `/api/v1/${plural}`)])(
    'lead %s where the edge leads it',
    (prefix) => {
      for (const path of [prefix, `${prefix}/a-name`, `${prefix}/a-name/more`, `${prefix}-else`])
        expect(gatewayRoute(path)).toEqual(routeHttp(path));
    },
  );

  it.each(serviceNames)('show the documentation of %s as the edge does', (service) => {
    for (const path of [`/openapi/${service}.json`, `/docs/${service}/docs/page.js`, `/docs/${service}/x.css`])
      expect(gatewayRoute(path)).toEqual(routeHttp(path));
    expect(gatewayRoute(`/docs/${service}`)).toEqual({ redirect: true });
  });

  it('lead nothing else anywhere: no metrics, no health', () => {
    for (const path of ['/', '/metrics', '/livez', '/readyz', '/api/v1', '/api/v2/devices', '/docs'])
      expect(gatewayRoute(path)).toBeNull();
  });

  it('lead every gRPC service to the process that has it', () => {
    const declared = serviceNames.flatMap((name) => {
      const proto = protoFiles(name)
        .map((file) => readFileSync(file, 'utf8'))
        .join('');
      return [...proto.matchAll(/^service (\w+)/gm)].map(([, service]) => `muster.${name}.v1.${service}`);
    });
    const routed = new Map(
      http.flatMap(({ path, rule }) => {
        const [backend] = rule.backendRefs ?? [];
        return path?.type === 'PathPrefix' && backend?.port === GRPC_PORT
          ? [[path.value.slice(1), backend.name.replace('muster-', '')] as const]
          : [];
      }),
    );
    for (const service of declared)
      expect([service, routed.get(service)]).toEqual([service, routeGrpc(`/${service}/Get`)]);
    for (const [service, to] of routed) expect([service, to]).toEqual([service, routeGrpc(`/${service}/Get`)]);
  });
});
