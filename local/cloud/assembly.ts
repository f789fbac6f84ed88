import { readFileSync } from 'node:fs';
import path from 'node:path';
import { notModelled } from '../kernel/aws-error';
import type { Bundle } from '../lambda/function';
import { isRecord } from '../wire/protocol';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
}

/** A CloudFormation template, as far as the local cloud reads one. */
export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Condition?: string; readonly Description?: string }>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
}

/** The one stack of a cloud assembly, and its assets. */
export interface Assembly {
  readonly stackName: string;
  readonly template: Template;
  /** The bundle behind an S3 key. @throws {Error} when there is no such asset, or it has no index.js. */
  bundle(objectKey: string): Bundle;
}

const TEMPLATE_SECTIONS = ['AWSTemplateFormatVersion', 'Description', 'Metadata', 'Parameters', 'Conditions', 'Resources', 'Outputs', 'Rules'];

/** Reads the directory that `cdk synth` writes. @throws {Error} naming the file when one is missing or damaged, or when it has not exactly one stack. */
export function readAssembly(directory: string): Assembly {
  const artifacts = Object.entries(recordOf(readJson(directory, 'manifest.json'), 'artifacts'));
  const stacks = artifacts.filter(([, artifact]) => isRecord(artifact) && artifact['type'] === 'aws:cloudformation:stack');
  const [stack, ...others] = stacks;
  if (stack === undefined || others.length > 0) throw new Error(`${directory} holds ${String(stacks.length)} stacks; the local cloud deploys one`);
  const [id, artifact] = stack;
  const properties = recordOf(artifact, 'properties');
  const template = readJson(directory, String(properties['templateFile'])) as Template;
  const section = Object.keys(template).find((name) => !TEMPLATE_SECTIONS.includes(name));
  if (section !== undefined) throw notModelled(`the template section ${section}`);

  const assetPaths = artifacts
    .filter(([, candidate]) => isRecord(candidate) && candidate['type'] === 'cdk:asset-manifest')
    .flatMap(([, manifest]) => assetPathsOf(directory, String(recordOf(manifest, 'properties')['file'])));
  const pathsByKey = new Map(assetPaths);
  return {
    stackName: typeof properties['stackName'] === 'string' ? properties['stackName'] : id,
    template,
    bundle: (objectKey) => {
      const assetPath = pathsByKey.get(objectKey);
      if (assetPath === undefined) throw new Error(`The assembly has no asset ${objectKey}`);
      const filename = path.resolve(directory, assetPath, 'index.js');
      return { filename, source: readText(directory, filename) };
    },
  };
}

function assetPathsOf(directory: string, manifestFile: string): (readonly [objectKey: string, assetPath: string])[] {
  const files = Object.values(recordOf(readJson(directory, manifestFile), 'files'));
  return files.flatMap((file) => {
    const assetPath = String(recordOf(file, 'source')['path']);
    return Object.values(recordOf(file, 'destinations')).map((destination) => [isRecord(destination) ? String(destination['objectKey']) : '', assetPath] as const);
  });
}

function readJson(directory: string, file: string): unknown {
  const filename = path.join(directory, file);
  try {
    return JSON.parse(readText(directory, filename)) as unknown;
  } catch (error) {
    throw error instanceof SyntaxError ? damaged(directory, filename, `is not JSON: ${error.message}`) : error;
  }
}

function readText(directory: string, filename: string): string {
  try {
    return readFileSync(filename, 'utf8');
  } catch (error) {
    throw damaged(directory, filename, `cannot be read (${String((error as NodeJS.ErrnoException).code)})`);
  }
}

function damaged(directory: string, filename: string, complaint: string): Error {
  return new Error(`The cloud assembly is damaged: ${filename} ${complaint}. Make it again: npx cdk synth --quiet --output ${directory}`);
}

function recordOf(value: unknown, member: string): Record<string, unknown> {
  const found = isRecord(value) ? value[member] : undefined;
  return isRecord(found) ? found : {};
}
