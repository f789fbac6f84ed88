import { notModelled } from '../../kernel/aws-error';
import { serviceCaller } from '../service-caller';
import { arnIn, physicalName, type ResourceType } from './resource';

const CLOUDFORMATION = 'cloudformation.amazonaws.com';

export const table: ResourceType = {
  properties: 'any',
  put(declared, site, previous) {
    if (previous !== undefined) throw notModelled('a change of a table');
    const name = declared.properties.optionalText('TableName') ?? physicalName(site, declared, 255);
    // The service itself refuses what it does not model of a table.
    site.services.dynamodb.call('CreateTable', { ...declared.properties.values, TableName: name }, serviceCaller(site.services.accountId, CLOUDFORMATION));
    return { ref: name, attributes: { Arn: arnIn(site, 'dynamodb', `table/${name}`) } };
  },
};

export const stateMachine: ResourceType = {
  properties: ['DefinitionString', 'DefinitionSubstitutions', 'LoggingConfiguration', 'RoleArn', 'StateMachineName', 'StateMachineType', 'Tags', 'TracingConfiguration'],
  put(declared, site, previous) {
    const { properties } = declared;
    const { services } = site;
    const type = properties.optionalText('StateMachineType') ?? 'STANDARD';
    if (type !== 'STANDARD') throw notModelled(`a state machine of type ${type}`);
    const substitutions = properties.structure('DefinitionSubstitutions');
    const definition = properties
      .text('DefinitionString')
      .replace(/\$\{([A-Za-z0-9_]+)\}/g, (placeholder, name: string) => substitutions.optionalText(name) ?? placeholder);
    const roleArn = properties.text('RoleArn');
    const name = properties.optionalText('StateMachineName') ?? physicalName(site, declared, 80);
    const arn = arnIn(site, 'states', `stateMachine:${name}`);
    if (previous === undefined) services.states.call('CreateStateMachine', { name, definition, roleArn });
    else services.states.call('UpdateStateMachine', { stateMachineArn: arn, definition, roleArn });
    return { ref: arn, attributes: { Arn: arn, Name: name } };
  },
};
