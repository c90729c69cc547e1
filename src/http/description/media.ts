const bytes = { type: 'string', format: 'binary' };

/** Describes an answer that is no JSON: its media types, and its schema where it is not bytes. */
export function media(description: string, ...types: readonly [string, ...(string | object)[]]) {
  const given = types.find((type) => typeof type === 'object');
  const names = types.filter((type) => typeof type === 'string');
  const content = names.map((name) => [name, { schema: given ?? schemaOf(name) }]);
  return { description, content: Object.fromEntries(content) };
}

function schemaOf(type: string): object {
  return type.startsWith('text/') ? { type: 'string' } : bytes;
}
