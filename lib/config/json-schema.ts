import { z } from 'zod';
import { fileSchema } from './schema';

/**
 * The JSON Schema of `keyturn.config.json`, as text for `keyturn.config.schema.json`. Editors show its descriptions and
 * defaults; rules between fields are checked at synth only. Draft 7, because editors know that one best.
 */
export function jsonSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7' }), null, 2)}\n`;
}
