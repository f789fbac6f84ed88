import { asList } from '../iam/documents';
import type { Template } from './assembly';
import { referencesIn } from './intrinsics';

/** Logical ids so that each comes after what it depends on; otherwise in the template's order. @throws {Error} for a cycle. */
export function creationOrder(resources: Template['Resources']): readonly string[] {
  const ordered = new Set<string>();
  const visit = (logicalId: string, path: readonly string[]): void => {
    const resource = resources[logicalId];
    if (resource === undefined || ordered.has(logicalId)) return;
    if (path.includes(logicalId)) throw new Error(`Resources depend on each other: ${[...path, logicalId].join(' → ')}`);
    for (const dependency of [...asList<string>(resource.DependsOn), ...referencesIn(resource.Properties)]) visit(dependency, [...path, logicalId]);
    ordered.add(logicalId);
  };
  for (const logicalId of Object.keys(resources)) visit(logicalId, []);
  return [...ordered];
}
