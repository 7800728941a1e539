/**
 * What a program that is told everything by its test inherits: no setting of whoever runs the tests, but where compiled code is kept.
 */
export function bareEnvironment(): NodeJS.ProcessEnv {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return { PATH, NODE_COMPILE_CACHE };
}
