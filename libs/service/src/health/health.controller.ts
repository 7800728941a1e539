import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import type { FastifyReply } from 'fastify';

/** For the one who restarts (`/livez`) and the one who routes (`/readyz`). Open to all, and says nothing worth hiding. */
@ApiExcludeController()
@Controller()
export class HealthController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
  ) {}

  @Get('livez')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const checks = {
      database: await this.database.query('select 1').then(
        () => 'ok',
        () => 'unavailable',
      ),
      bus: this.bus.isConnected() ? 'ok' : 'unavailable',
    };
    // The service works without the bus: it accepts writes, and publishes them later. Without the database it does not.
    await reply
      .status(checks.database === 'ok' ? 200 : 503)
      .send({ status: checks.database === 'ok' ? 'ok' : 'unavailable', checks });
  }
}
