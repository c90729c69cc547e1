export const examples: Readonly<Record<string, readonly unknown[]>> = {};
