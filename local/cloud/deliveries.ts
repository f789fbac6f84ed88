import type { Authorizer } from '../iam/authorizer';
import type { Deliver } from '../eventbridge/eventbridge-service';
import { notModelled } from '../kernel/aws-error';
import type { LambdaService } from '../lambda/lambda-service';
import type { SnsService, SnsTargets } from '../sns/sns-service';
import type { SqsService } from '../sqs/sqs-service';
import { serviceCaller } from './service-caller';

const EVENTS = 'events.amazonaws.com';
const SNS = 'sns.amazonaws.com';

/** How EventBridge hands events to targets: as itself, so a function must permit it. Policies of topics and queues are not asked. */
export function deliverEvent(targets: {
  readonly accountId: string;
  readonly lambda: LambdaService;
  readonly sns: SnsService;
  readonly sqs: SqsService;
  readonly authorizer: Authorizer;
}): Deliver {
  const caller = serviceCaller(targets.accountId, EVENTS);
  return (targetArn, event, rule) => {
    if (targetArn.startsWith('arn:aws:lambda:')) {
      targets.authorizer.assertAccess(
        caller,
        { action: 'lambda:InvokeFunction', resource: targetArn, conditionKeys: { 'aws:SourceArn': rule.arn, 'aws:SourceAccount': targets.accountId } },
        targets.lambda.resourcePolicyOf(targetArn),
      );
      targets.lambda.invokeLater(targetArn, JSON.stringify(event), { actor: EVENTS });
    } else if (targetArn.startsWith('arn:aws:sns:')) {
      targets.sns.publish(targetArn, JSON.stringify(event), caller);
    } else if (targetArn.startsWith('arn:aws:sqs:')) {
      targets.sqs.send(targetArn, JSON.stringify(event));
    } else {
      throw notModelled(`${targetArn} as the target of a rule`);
    }
  };
}

/** How SNS hands messages to subscribers: as itself, so a function must permit it. Policies of queues are not asked. */
export function topicTargets({ accountId, lambda, sqs, authorizer }: {
  readonly accountId: string;
  readonly lambda: LambdaService;
  readonly sqs: SqsService;
  readonly authorizer: () => Authorizer;
}): SnsTargets {
  return {
    queue(queueArn, body, attributes) {
      sqs.deliver(queueArn, body, attributes);
    },
    function(functionArn, event, topicArn) {
      authorizer().assertAccess(
        serviceCaller(accountId, SNS),
        { action: 'lambda:InvokeFunction', resource: functionArn, conditionKeys: { 'aws:SourceArn': topicArn, 'aws:SourceAccount': accountId } },
        lambda.resourcePolicyOf(functionArn),
      );
      lambda.invokeLater(functionArn, JSON.stringify(event), { actor: SNS });
    },
  };
}
