import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import { ServerProcesses } from './server-processes.js';
import type { RunningS3, TestedStore } from './tested-store.js';

/** Swift's names for its parts that keep something. */
const KINDS = ['object', 'container', 'account'] as const;
type Kind = (typeof KINDS)[number];

/** OpenStack Swift with its S3 door, one node and one device, which is a folder. */
export const swiftS3api: TestedStore = {
  name: 'swift',
  kind: 'swift',
  programs: [
    { program: 'swift-proxy-server', package: 'swift-proxy' },
    { program: 'swift-account-server', package: 'swift-account' },
    { program: 'swift-container-server', package: 'swift-container' },
    { program: 'swift-object-server', package: 'swift-object' },
    { program: 'swift-ring-builder', package: 'swift' },
    { program: 'memcached', package: 'memcached' },
  ],
  start,
};

async function start(): Promise<RunningS3> {
  const servers = await ServerProcesses.inNewFolder('swift');
  try {
    const { folder } = servers;
    for (const part of ['dev/d1', 'cache']) mkdirSync(join(folder, part), { recursive: true });
    const [port, memcachePort] = [await freePort(), await freePort()];
    const user = userInfo().username;
    servers.start('memcached', 'memcached', ['-u', user, '-l', '127.0.0.1', '-p', String(memcachePort), '-m', '64']);
    for (const kind of KINDS) {
      const kindPort = await freePort();
      const ring = `${kind}.builder`;
      await servers.run('swift-ring-builder', [ring, 'create', '4', '1', '0']);
      await servers.run('swift-ring-builder', [ring, 'add', `r1z1-127.0.0.1:${kindPort}/d1`, '100']);
      await servers.run('swift-ring-builder', [ring, 'rebalance']);
      const conf = join(folder, `${kind}-server.conf`);
      writeFileSync(conf, serverConfiguration(folder, kind, kindPort, user));
      servers.start(kind, `swift-${kind}-server`, [conf]);
    }
    const conf = join(folder, 'proxy-server.conf');
    writeFileSync(conf, proxyConfiguration(folder, port, memcachePort, user));
    servers.start('proxy', 'swift-proxy-server', [conf]);
    const endpoint = `http://127.0.0.1:${port}`;
    await servers.untilReady('the proxy', async () => (await fetch(`${endpoint}/healthcheck`)).status === 200);
    const keys = { accessKeyId: 'test:tester', secretAccessKey: 'testing' };
    const stranger = { accessKeyId: 'other:stranger', secretAccessKey: 'otherwise' };
    return { endpoint, region: 'us-east-1', keys, stranger, stop: () => servers.stop() };
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

function serverConfiguration(folder: string, kind: Kind, port: number, user: string): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
user = ${user}
swift_dir = ${folder}
devices = ${folder}/dev
mount_check = false
workers = 1
disable_fallocate = true
fallocate_reserve = 0
log_level = WARNING
[pipeline:main]
pipeline = ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
recon_cache_path = ${folder}/cache
`;
}

function proxyConfiguration(folder: string, port: number, memcachePort: number, user: string): string {
  const filters = [
    'catch_errors',
    'gatekeeper',
    'healthcheck',
    'listing_formats',
    'bulk',
    'copy',
    'slo',
    'dlo',
    'symlink',
  ];
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
user = ${user}
swift_dir = ${folder}
workers = 1
log_level = WARNING
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth bulk copy slo dlo symlink versioned_writes proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
user_other_stranger = otherwise .admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${memcachePort}
[filter:versioned_writes]
use = egg:swift#versioned_writes
${filters.map((name) => `[filter:${name}]\nuse = egg:swift#${name}`).join('\n')}
`;
}
