import type { Authorizer } from '../iam/authorizer';
import type { Deliver } from '../eventbridge/eventbridge-service';
import { notModelled } from '../kernel/aws-error';
import type { LambdaService } from '../lambda/lambda-service';
import type { SnsService } from '../sns/sns-service';

const EVENTS = 'events.amazonaws.com';

/** How EventBridge hands events to targets: as itself, so a function must permit it. */
export function deliverEvent(targets: {
  readonly accountId: string;
  readonly lambda: LambdaService;
  readonly sns: SnsService;
  readonly authorizer: Authorizer;
}): Deliver {
  const caller = { accountId: targets.accountId, arn: EVENTS, userId: EVENTS };
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
    } else {
      throw notModelled(`${targetArn} as the target of a rule`);
    }
  };
}
