import { parseSimulation } from './apt.js';
import { parseCheckUpdate } from './dnf.js';

describe('what package managers say about updates', () => {
  it('is read from a simulation of apt-get: which come from a security archive, new packages left out', () => {
    const text = [
      'NOTE: This is only a simulation!',
      'Inst bash [5.2.15-2+b8] (5.2.15-2+b13 Debian:12.15/oldstable [amd64])',
      'Inst libgcrypt20 [1.10.1-3] (1.10.1-3+deb12u1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64]) []',
      'Inst openssl [3.0.2-0ubuntu1] (3.0.2-0ubuntu1.15 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])',
      'Inst vim [2:8.2] (2:8.3 Ubuntu:22.04/jammy-updates [amd64])',
      'Inst mine [1] (2 Debian-Security-Tools:1/stable [all])',
      'Inst linux-image-6.1.0-40-amd64 (6.1.153-1 Debian-Security:12/oldstable-security [amd64])',
      'Conf bash (5.2.15-2+b13 Debian:12.15/oldstable [amd64])',
    ].join('\n');
    expect(parseSimulation(text).map(({ name, from, to, security }) => [name, from, to, security])).toEqual([
      ['bash', '5.2.15-2+b8', '5.2.15-2+b13', false],
      ['libgcrypt20', '1.10.1-3', '1.10.1-3+deb12u1', true],
      ['openssl', '3.0.2-0ubuntu1', '3.0.2-0ubuntu1.15', true],
      ['vim', '2:8.2', '2:8.3', false],
      ['mine', '1', '2', false],
    ]);
    expect(parseSimulation('')).toEqual([]);
  });

  it('is read from check-update of dnf up to what is obsoleted', () => {
    const text =
      'bash.x86_64   5.2.26-3.fc40   updates\n\nvim.noarch 9.1 updates\nObsoleting Packages\nold.x86_64 1 updates\n';
    expect(parseCheckUpdate(`\n${text}`)).toEqual(['bash.x86_64 -> 5.2.26-3.fc40', 'vim.noarch -> 9.1']);
  });
});
