import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import { ServerProcesses } from './server-processes.js';
import type { RunningS3, TestedStore } from './tested-store.js';

const KEYS = { accessKeyId: 'CEPHTESTKEY', secretAccessKey: 'secret-of-the-ceph-test-user' };
const STRANGER = { accessKeyId: 'CEPHSTRANGER', secretAccessKey: 'secret-of-the-ceph-stranger' };
const DISK_BYTES = 8 * 1024 ** 3;

/** Ceph's object gateway over one monitor and one OSD: a cluster of one disk, which is a sparse file. */
export const cephRgw: TestedStore = {
  name: 'ceph',
  kind: 'ceph',
  programs: [
    { program: 'ceph-mon', package: 'ceph-mon' },
    { program: 'ceph-osd', package: 'ceph-osd' },
    { program: 'radosgw', package: 'radosgw' },
    { program: 'radosgw-admin', package: 'ceph-common' },
    { program: 'ceph', package: 'ceph-common' },
    { program: 'monmaptool', package: 'ceph-base' },
  ],
  start,
};

async function start(): Promise<RunningS3> {
  const servers = await ServerProcesses.inNewFolder('ceph');
  try {
    const [monitorPort, port] = [await freePort(), await freePort()];
    const { folder } = servers;
    for (const part of ['mon', 'osd', 'rgw', 'run']) mkdirSync(join(folder, part));
    const conf = join(folder, 'ceph.conf');
    const cluster = randomUUID();
    writeFileSync(conf, configuration(folder, cluster, monitorPort, port));
    const ceph = (...args: string[]) => servers.run('ceph', ['-c', conf, '--connect-timeout', '5', ...args]);

    const map = join(folder, 'monmap');
    await servers.run('monmaptool', [
      '--create',
      '--fsid',
      cluster,
      '--addv',
      'a',
      `[v1:127.0.0.1:${monitorPort}]`,
      map,
    ]);
    await servers.run('ceph-mon', ['-c', conf, '--mkfs', '-i', 'a', '--monmap', map]);
    servers.start('mon', 'ceph-mon', ['-c', conf, '-i', 'a', '-f']);
    await servers.untilReady('the monitor', async () => (await ceph('-s')) !== '');

    const disk = randomUUID();
    await ceph('osd', 'new', disk);
    await servers.run('ceph-osd', ['-c', conf, '-i', '0', '--mkfs', '--osd-uuid', disk]);
    await ceph('osd', 'crush', 'add', 'osd.0', '1.0', 'root=default', 'host=local');
    servers.start('osd', 'ceph-osd', ['-c', conf, '-i', '0', '-f']);
    await servers.untilReady('the OSD', async () => /\b1 up/.test(await ceph('osd', 'stat')));

    for (const [uid, keys] of Object.entries({ test: KEYS, stranger: STRANGER })) {
      await servers.run('radosgw-admin', [
        '-c',
        conf,
        'user',
        'create',
        `--uid=${uid}`,
        `--display-name=${uid}`,
        `--access-key=${keys.accessKeyId}`,
        `--secret-key=${keys.secretAccessKey}`,
      ]);
    }
    servers.start('rgw', 'radosgw', ['-c', conf, '-n', 'client.rgw.a', '-f']);
    const endpoint = `http://127.0.0.1:${port}`;
    await servers.untilReady('the gateway', async () => (await fetch(endpoint)).status < 500);
    return { endpoint, region: 'us-east-1', keys: KEYS, stranger: STRANGER, stop: () => servers.stop() };
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

/** No authentication inside, one copy, names and journals in the folder, and nothing that a test would wait for. */
function configuration(folder: string, cluster: string, monitorPort: number, port: number): string {
  // The first start of a cluster of this version may fail to set the class of its disk: it is not asked to.
  const lines = [
    '[global]',
    `fsid = ${cluster}`,
    `mon host = v1:127.0.0.1:${monitorPort}`,
    'public addr = 127.0.0.1',
    'public network = 127.0.0.0/8',
    'auth cluster required = none',
    'auth service required = none',
    'auth client required = none',
    `run dir = ${folder}/run`,
    `admin socket = ${folder}/run/$name.$pid.asok`,
    `log file = ${folder}/log/$name.log`,
    `keyring = ${folder}/keyring`,
    'setuser match path =',
    'osd pool default size = 1',
    'osd pool default min size = 1',
    'osd pool default pg num = 1',
    'osd pool default pg autoscale mode = off',
    'osd crush chooseleaf type = 0',
    'osd class update on start = false',
    'osd crush update on start = false',
    'mon allow pool size one = true',
    'mon warn on pool no redundancy = false',
    'mon data avail crit = 1',
    'mon max pg per osd = 1000',
    '[mon.a]',
    `mon data = ${folder}/mon/a`,
    '[osd.0]',
    `osd data = ${folder}/osd`,
    'osd objectstore = bluestore',
    `bluestore block size = ${DISK_BYTES}`,
    'osd memory target = 1073741824',
    '[client.rgw.a]',
    `rgw data = ${folder}/rgw`,
    // Without tcp_nodelay every small answer takes 40 ms.
    `rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1`,
    'rgw dns name = 127.0.0.1',
    'rgw enable usage log = false',
    'rgw gc obj min wait = 5',
    'rgw gc processor period = 10',
  ];
  return `${lines.join('\n')}\n`;
}
