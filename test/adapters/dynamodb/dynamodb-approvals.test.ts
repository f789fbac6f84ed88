import { approvalsContract } from '../../contracts/approvals';
import { World } from '../../../local/simulator/world';

approvalsContract('DynamoDbApprovals on the local DynamoDB', () => {
  const world = new World();
  return {
    approvals: world.composition('decide').approvals(),
    failNextWrite: (failure) => {
      let isPending = true;
      world.interceptAll = async (call, next) => {
        if (!isPending || call.operation !== 'UpdateItem') return next();
        isPending = false;
        return failure(next);
      };
    },
  };
});
