import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { magicPacket } from '@muster/contracts/agent/wake-up.js';
import { builtApp } from '@muster/localsite/repository.js';
import { type RunningSite, startSite } from '@muster/localsite/start-site.js';
import { freePort } from '@muster/testing/free-port.js';
import { until } from '@muster/testing/until.js';
import { type Computer, COMPUTERS, SEGMENT, SITE_ADDRESS, TwoNetworks } from './two-networks.js';

const help = `npm run wake:neighbours

Shows on a real site that a device is woken by its neighbour: an agent enrols in each of two computers (network namespaces) of a segment behind a
router that lets no directed broadcast pass; one of them falls asleep (its agent is killed); somebody wakes it by hand, and a deployment
that is due does. Both packets must come from the neighbour, 102 bytes for its card, and none from the site. Then it starts again, and runs the
deployment. Needs Linux, root and ip. Ends with 1 when something of it is not so.`;

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
/** What a card would hear: prints the sender and the bytes of what comes to UDP port 9. */
const LISTENER = `const s = require('node:dgram').createSocket('udp4');
s.on('message', (b, from) => console.log(from.address + ' ' + b.toString('hex'))); s.bind(9, () => console.log('listening'));`;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), 'muster-neighbours-'));
const children: ChildProcess[] = [];
let site: RunningSite | undefined;
let networks: TwoNetworks | undefined;
try {
  networks = TwoNetworks.make();
  site = await startSite({ dataFolder: join(folder, 'site'), port: await freePort(), host: '0.0.0.0', pollSeconds: 5 });
  say(
    `a site at ${SITE_ADDRESS}, behind a router ${Object.entries(COMPUTERS)
      .map((one) => one.join(' at '))
      .join(' and ')}`,
  );
  await enrol('awake');
  await enrol('asleep');
  const daemons = { awake: agent('awake', 'daemon'), asleep: agent('asleep', 'daemon') };
  const mac = await macOf('asleep');
  await macOf('awake');
  daemons.asleep.kill('SIGKILL');
  await once(daemons.asleep, 'exit');
  say(`asleep, ${mac}, sleeps`);
  const heard = await listen();

  // The site hears once a minute who was there.
  let woken = { neighbours: 0 };
  await until(async () => (woken = await ask('POST', 'devices/asleep/wake')).neighbours > 0, 120_000);
  say(`woken by hand: ${JSON.stringify(woken)}`);
  await hears(heard, 1, mac);
  const steps = [{ step: 'Awake', type: 'RunCommandLine', settings: { command: 'true' } }];
  await save('task-sequences', 'TaskSequence', 'rise', { steps });
  await save('collections', 'Collection', 'sleepers', { rules: [{ device: 'asleep' }] });
  await save('deployments', 'Deployment', 'rise', {
    sequence: 'rise',
    collection: 'sleepers',
    purpose: 'Required',
    wakeUp: true,
  });
  await hears(heard, 2, mac);
  agent('asleep', 'daemon');
  await until(async () => (await deviceCounts()).succeeded === 1, 60_000);
  say('asleep is awake, and has run the deployment that woke it');
  const foreign = heard.filter((line) => !line.startsWith(`${COMPUTERS.awake} `));
  if (foreign.length > 0) throw new Error(`packets came from elsewhere: ${foreign.join(', ')}`);
} catch (error) {
  say(`it is not so: ${(error as Error).stack}`);
  process.exitCode = 1;
} finally {
  for (const child of children) child.kill('SIGKILL');
  await site?.stop();
  networks?.remove();
  rmSync(folder, { recursive: true, force: true });
}

/** Waits for the next packet, and looks at where it came from and what is in it. */
async function hears(heard: readonly string[], count: number, mac: string): Promise<void> {
  await until(() => heard.length >= count, 30_000);
  const [from, bytes] = heard[count - 1]!.split(' ');
  const right = bytes === magicPacket(mac).toString('hex');
  say(
    `asleep hears ${(bytes ?? '').length / 2} bytes from ${from}${right ? ', its magic packet' : ': not its packet'}`,
  );
  if (from !== COMPUTERS.awake || !right) throw new Error(`expected was its packet from ${COMPUTERS.awake}`);
}

async function listen(): Promise<string[]> {
  const listener = networks!.start('asleep', process.execPath, ['-e', LISTENER], {});
  children.push(listener);
  const heard: string[] = [];
  let ready = false;
  createInterface({ input: listener.stdout! }).on('line', (line) => {
    if (line === 'listening') ready = true;
    else heard.push(line);
  });
  await until(() => ready);
  return heard;
}

function agent(computer: Computer, ...args: readonly string[]): ChildProcess {
  const state = join(folder, computer);
  const child = networks!.start(computer, process.execPath, [builtApp('agent'), ...args, '--state', state], {});
  child.stderr?.resume();
  child.stdout?.resume();
  children.push(child);
  return child;
}

async function enrol(computer: Computer): Promise<void> {
  const { token } = await ask<{ token: string }>('POST', 'enrolment-tokens', {});
  const server = `http://${SITE_ADDRESS}:${site!.ports['edge']}`;
  const [code] = (await once(
    agent(computer, 'enrol', '--server', server, '--token', token, '--name', computer),
    'exit',
  )) as [number];
  if (code !== 0) throw new Error(`${computer} could not enrol: it ended with ${code}`);
}

/** Once the device has told its card and its network. */
async function macOf(computer: Computer): Promise<string> {
  let found: string | undefined;
  await until(async () => {
    const { status } = await ask<DeviceAnswer>('GET', `devices/${computer}`);
    found = status.facts?.network?.find(({ subnets }) => subnets?.includes(SEGMENT))?.mac;
    return found !== undefined;
  });
  return found!;
}

interface DeviceAnswer {
  readonly status: { readonly facts?: { readonly network?: readonly { mac?: string; subnets?: string[] }[] } };
}

async function deviceCounts(): Promise<{ succeeded: number }> {
  const { status } = await ask<{ status: { devices: { succeeded: number } } }>('GET', 'deployments/rise');
  return status.devices;
}

async function save(plural: string, kind: string, name: string, spec: object): Promise<void> {
  await ask('PUT', `${plural}/${name}`, { apiVersion: 'muster/v1', kind, metadata: { name }, spec });
}

async function ask<Answer>(method: string, path: string, document?: object): Promise<Answer> {
  const response = await fetch(`${site!.url}/api/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${site!.adminToken}`,
      ...(document ? { 'content-type': 'application/json' } : {}),
    },
    ...(document ? { body: JSON.stringify(document) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}
