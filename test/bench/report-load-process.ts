import { createSecretKey, randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { makeAccessToken } from '../../apps/policy/src/sessions/access-token.js';
import { deviceUid } from './device-uid.js';
import { HttpConnection } from './http-connection.js';
import { type ReportLoad, type ReportResult, reportsOfRun } from './report-load.js';

process.on('message', (load: ReportLoad) => {
  void run(load).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());

async function run(load: ReportLoad): Promise<ReportResult> {
  const key = createSecretKey(Buffer.from(load.secret, 'base64'));
  const statuses: Record<string, number> = {};
  const connections: HttpConnection[] = [];
  for (let index = 0; index < load.connections; index += 1) connections.push(await HttpConnection.open(load.port));
  let sent = 0;
  const began = performance.now();
  const until = began + load.seconds * 1000;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < until) {
        const device = deviceUid(sent++ % load.devices);
        const token = makeAccessToken(key, load.site, device, new Date(Date.now() + 600_000));
        const { status } = await connection.ask(request(load, token));
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status !== '200') return;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const connection of connections) connection.close();
  return { runs: statuses['200'] ?? 0, seconds, statuses };
}

function request({ deploymentUid, reportsPerRun }: ReportLoad, token: string): string {
  const reports = reportsOfRun(randomUUID(), reportsPerRun).map((report) => ({ deploymentUid, report }));
  const body = JSON.stringify({ reports });
  return (
    `POST /api/v1/agent/reports HTTP/1.1\r\nhost: site\r\nauthorization: Bearer ${token}\r\nuser-agent: muster-agent\r\n` +
    `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}
