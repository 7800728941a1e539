import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type MailTestResult, mailTestResultSchema } from '@muster/contracts/kinds/alert-subscription.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { AlertSubscriptionsService } from './alert-subscriptions.service.js';

/** The REST door of what people do with subscriptions. */
@ApiTags('AlertSubscription')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/alert-subscriptions')
export class AlertSubscriptionsController {
  constructor(@Inject(AlertSubscriptionsService) private readonly subscriptions: AlertSubscriptionsService) {}

  @Post(':name/test')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'testAlertSubscription',
    summary: 'Sends a test mail at once, and says what the mail server answered for each address',
  })
  @ApiResponse({ status: 200, standardSchema: mailTestResultSchema })
  async test(@Param('name', { schema: nameSchema }) name: string): Promise<MailTestResult> {
    return this.subscriptions.test(name);
  }
}
