import type { CustomResourceAnswer } from '../custom-resources';
import type { Made, ResourceType } from './resource';

/** A custom resource whose `ServiceToken` is a function of the stack. */
export const customResource: ResourceType = {
  properties: 'any',
  async put({ logicalId, type, properties }, { customResources, stackId }, previous) {
    return madeOf(
      await customResources.ask({
        type: previous === undefined ? 'Create' : 'Update',
        resourceType: type,
        logicalId,
        stackId,
        serviceToken: properties.text('ServiceToken'),
        properties: properties.values,
        ...(previous !== undefined && { physicalId: previous.made.ref, oldProperties: previous.properties.values }),
      }),
    );
  },
  async remove({ logicalId, type, properties }, made, { customResources, stackId }) {
    await customResources.ask({
      type: 'Delete',
      resourceType: type,
      logicalId,
      stackId,
      serviceToken: properties.text('ServiceToken'),
      properties: properties.values,
      physicalId: made.ref,
    });
  },
};

function madeOf({ physicalId, data }: CustomResourceAnswer): Made {
  return { ref: physicalId, attributes: Object.fromEntries(Object.entries(data).map(([name, value]) => [name, String(value)])) };
}
