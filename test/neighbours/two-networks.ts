import { execFileSync, spawn, type ChildProcess } from 'node:child_process';

/** The computer on which the site runs, as devices reach it; its end of the link to the router. */
export const SITE_ADDRESS = '198.51.100.1';
const ROUTER_ADDRESS = '198.51.100.2';
/** The network of the devices, and the router in it. */
export const SEGMENT = '203.0.113.0/24';
const GATEWAY = '203.0.113.1';

/**
 * The network of an office: a router between this computer and one Ethernet segment with two computers, all of them network namespaces of
 * Linux. Like other routers it sends no directed broadcasts on. Needs root and `ip`.
 */
export class TwoNetworks {
  private constructor(private readonly id: string) {}

  static make(): TwoNetworks {
    const made = new TwoNetworks(`mw${process.pid % 10_000}`);
    try {
      made.build();
      return made;
    } catch (error) {
      made.remove();
      throw error;
    }
  }

  private build(): void {
    const [router, link] = [this.space('r'), `${this.id}h`];
    ip('netns', 'add', router);
    ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'outside', 'netns', router);
    ip('addr', 'add', `${SITE_ADDRESS}/30`, 'dev', link);
    ip('link', 'set', 'dev', link, 'up');
    ip('route', 'add', SEGMENT, 'via', ROUTER_ADDRESS);
    ip('-n', router, 'addr', 'add', `${ROUTER_ADDRESS}/30`, 'dev', 'outside');
    ip('-n', router, 'link', 'add', 'segment', 'type', 'bridge');
    ip('-n', router, 'addr', 'add', `${GATEWAY}/24`, 'dev', 'segment');
    for (const device of ['outside', 'segment']) ip('-n', router, 'link', 'set', 'dev', device, 'up');
    this.inSpace('r', 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    for (const [computer, address] of Object.entries(COMPUTERS)) {
      const space = this.space(computer);
      ip('netns', 'add', space);
      ip('-n', router, 'link', 'add', computer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
      ip('-n', router, 'link', 'set', 'dev', computer, 'master', 'segment', 'up');
      ip('-n', space, 'addr', 'add', `${address}/24`, 'broadcast', '+', 'dev', 'eth0');
      for (const device of ['lo', 'eth0']) ip('-n', space, 'link', 'set', 'dev', device, 'up');
      ip('-n', space, 'route', 'add', 'default', 'via', GATEWAY);
    }
  }

  /** Starts a program on one of the computers. */
  start(computer: Computer, program: string, args: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess {
    const all = ['netns', 'exec', this.space(computer), program, ...args];
    return spawn('ip', all, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Takes all of it away; what is not there does not matter. */
  remove(): void {
    for (const name of ['r', ...Object.keys(COMPUTERS)]) {
      try {
        ip('netns', 'del', this.space(name));
      } catch {
        // It was never made.
      }
    }
  }

  private inSpace(name: string, program: string, ...args: readonly string[]): void {
    ip('netns', 'exec', this.space(name), program, ...args);
  }

  private space(name: string): string {
    return `${this.id}${name}`;
  }
}

/** The computers of the segment with their addresses. */
export const COMPUTERS = { awake: '203.0.113.11', asleep: '203.0.113.12' } as const;
export type Computer = keyof typeof COMPUTERS;

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
}
