import type { InjectionToken, Provider } from '@nestjs/common';

/** Provides something from other providers, in the order of the factory's parameters. */
export function provide<Dependencies extends unknown[]>(
  token: InjectionToken,
  inject: InjectionToken[],
  useFactory: (...dependencies: Dependencies) => unknown,
): Provider {
  return { provide: token, inject, useFactory };
}
