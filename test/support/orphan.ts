import { HOUR, type Scenario } from './scenario';

/** The answer of the first CreateKey is lost, and its key stays out of sight until another one was adopted. */
export async function makeOrphan(scenario: Scenario): Promise<void> {
  let isFirst = true;
  scenario.world.fault = ({ operation }) => {
    if (operation !== 'CreateKey' || !isFirst) return 'none';
    isFirst = false;
    return 'lose-answer';
  };
  scenario.world.interceptAll = async (call, next) => {
    const result = await next();
    return call.operation !== 'GetResources' || scenario.createdKeys().length > 1 ? result : { ...(result as object), ResourceTagMappingList: [] };
  };
  await scenario.world.fireSchedule();
  await scenario.advance(3 * HOUR);
}
