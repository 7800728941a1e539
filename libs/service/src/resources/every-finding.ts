import { type CallHandler, type ExecutionContext, Inject, type NestInterceptor, type Type } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { catchError, type Observable } from 'rxjs';
import type { ResourceStore } from './resource-store.js';

/**
 * Around the writing routes of a kind: a body that is refused gets, beside what its schema says, what only the service knows
 * to be wrong with it, so that nobody has to come back for it.
 *
 * @param token the provider of the kind's ResourceStore
 */
export function everyFinding(token: symbol): Type<NestInterceptor> {
  class EveryFinding implements NestInterceptor {
    constructor(@Inject(token) private readonly store: ResourceStore<unknown, unknown>) {}

    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      const { body } = context.switchToHttp().getRequest<FastifyRequest>();
      return next.handle().pipe(
        catchError(async (error: unknown) => {
          throw await this.store.withEveryFinding(error, body);
        }),
      );
    }
  }
  return EveryFinding;
}
