import type { Command } from 'commander';
import type { Terminal } from '../../terminal.js';
import { registerConflicts } from './hierarchy-conflicts.js';
import { registerJoining } from './hierarchy-join.js';
import { registerLinks } from './hierarchy-links.js';

const help = `
Sites that belong together replicate: what is made at one of them is at the others soon after, and each goes on alone while its link
is cut. A site joins the one above it with a one-time token; docs/hierarchy.md says what goes where.

Examples:
  muster up --hierarchy 2                                  a central site and two primaries on this computer
  muster hierarchy status                                  links, the worst first, and what waits
  muster --site CEN hierarchy token create PR3             let a primary site in
  muster --context ulm hierarchy join --parent https://central.example --token msj_…
  muster hierarchy verify --repair                         compare with the neighbours, mend what differs
  muster hierarchy conflicts                               writes that lost against another one`;

/** `muster hierarchy …`. */
export function registerHierarchy(program: Command, terminal: Terminal): void {
  const group = program
    .command('hierarchy')
    .description('sites that replicate: join them, see their links, settle conflicts')
    .addHelpText('after', help);
  registerLinks(group, terminal);
  registerJoining(group, terminal);
  registerConflicts(group, terminal);
}
