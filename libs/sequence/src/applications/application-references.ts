import type { Application, ApplicationCommand } from './application.js';

/** Something that an application names. */
export interface ApplicationReference {
  readonly kind: 'Package' | 'Application';
  readonly name: string;
  /** `content`: what it installs from; `dependency`: has to be there before; `supersedes`: what it replaces. */
  readonly how: 'content' | 'dependency' | 'supersedes';
  /** Of `supersedes`: the old one is taken away, so its document and content are needed. */
  readonly uninstall?: boolean | undefined;
  readonly deploymentType?: string | undefined;
  /** JSON pointer of the name. */
  readonly path: string;
}

/** A program of a package that a deployment type runs. */
export interface ApplicationProgram {
  readonly package: string | undefined;
  readonly program: string;
  /** JSON pointer of the program's name. */
  readonly path: string;
}

/** All that an application names, in document order, duplicates included. Pure. */
export function applicationReferences(
  { deploymentTypes, supersedes = [] }: Application,
  path = '/spec',
): ApplicationReference[] {
  const found: ApplicationReference[] = [];
  deploymentTypes.forEach(({ name: deploymentType, package: content, dependencies = [] }, index) => {
    const at = `${path}/deploymentTypes/${index}`;
    if (content !== undefined)
      found.push({ kind: 'Package', name: content, how: 'content', deploymentType, path: `${at}/package` });
    dependencies.forEach(({ anyOf }, group) =>
      anyOf.forEach((name, nth) => {
        const where = `${at}/dependencies/${group}/anyOf/${nth}`;
        found.push({ kind: 'Application', name, how: 'dependency', deploymentType, path: where });
      }),
    );
  });
  supersedes.forEach(({ application: name, uninstall }, index) => {
    const where = `${path}/supersedes/${index}/application`;
    found.push({ kind: 'Application', name, how: 'supersedes', uninstall, path: where });
  });
  return found;
}

/** The programs that an application's commands name, in document order. Pure. */
export function applicationPrograms({ deploymentTypes }: Application, path = '/spec'): ApplicationProgram[] {
  return deploymentTypes.flatMap((type, index) =>
    (['install', 'uninstall'] as const).flatMap((name) => {
      const command: ApplicationCommand | undefined = type[name];
      if (!command || !('program' in command)) return [];
      const where = `${path}/deploymentTypes/${index}/${name}/program`;
      return [{ package: type.package, program: command.program, path: where }];
    }),
  );
}
