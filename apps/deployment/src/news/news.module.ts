import { Module } from '@nestjs/common';
import { EventLog } from '../events/event-log.js';
import { News } from './news.js';

@Module({
  providers: [{ provide: News, inject: [EventLog], useFactory: (log: EventLog) => new News(log) }],
  exports: [News],
})
export class NewsModule {}
