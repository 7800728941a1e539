import { serviceNames } from './routes.js';

/** What a visitor finds at `/`: where the documentation and the API of each service are. */
export function siteIndex(): { name: string; services: { name: string; docs: string; openapi: string }[] } {
  return {
    name: 'Muster',
    services: serviceNames.map((name) => ({ name, docs: `/docs/${name}/`, openapi: `/openapi/${name}.json` })),
  };
}

/** The same for a browser. */
export function indexPage(): string {
  const rows = siteIndex().services.map(
    ({ name, docs, openapi }) =>
      `<li>${name}: <a href="${docs}">documentation</a>, <a href="${openapi}">OpenAPI</a></li>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Muster</title></head>
<body><h1>Muster</h1><ul>${rows.join('')}</ul></body></html>
`;
}
