import { FunctionUrl, FunctionUrlAuthType, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/**
 * An entrance for people. Who may use it is said by their own IAM policies: `lambda:InvokeFunctionUrl` on the function, and `lambda:InvokeFunction` on
 * condition of `lambda:InvokedViaFunctionUrl`. Without that condition a caller could write any identity into the event.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
 */
export class PeopleUrl extends FunctionUrl {
  constructor(scope: Construct, id: string, target: IFunction) {
    super(scope, id, { function: target, authType: FunctionUrlAuthType.AWS_IAM });
  }
}
