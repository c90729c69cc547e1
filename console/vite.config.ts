import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { build } from 'esbuild';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const outDir = here('dist');
const client = here('../client/src/index.ts');

/** Puts `@hush/client` beside the console, in one file with its types, for `/client/`. */
const clientBundle: Plugin = {
  name: 'hush-client',
  async closeBundle() {
    const folder = join(outDir, 'client');
    await build({
      ...{ entryPoints: [client], outfile: join(folder, 'hush-client.js'), bundle: true },
      ...{ format: 'esm', platform: 'browser', target: 'es2022', minify: true },
      banner: { js: '// @ts-self-types="./hush-client.d.ts"' },
    });
    const options = ['--emitDeclarationOnly', '--outDir', folder];
    const tsc = here('../node_modules/.bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '-p', here('../client'), ...options]);
    renameSync(join(folder, 'index.d.ts'), join(folder, 'hush-client.d.ts'));
  },
};

/** Compresses every file once, at its best: `http/edge/console-files.ts` sends it so. */
const compressed: Plugin = {
  name: 'compressed',
  closeBundle: {
    ...{ order: 'post', sequential: true },
    handler() {
      for (const name of readdirSync(outDir, { recursive: true }) as string[]) {
        if (!['.html', '.js', '.css', '.svg'].includes(extname(name))) continue;
        const file = join(outDir, name);
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      }
    },
  },
};

export default defineConfig({
  root: here('.'),
  plugins: [react(), clientBundle, compressed],
  resolve: { alias: { '@hush/client': client } },
  build: {
    ...{ outDir, emptyOutDir: true, target: 'es2022', modulePreload: false },
    // kB before compression; what is loaded first has a test (test/console/first-load.test.ts).
    chunkSizeWarningLimit: 1_000,
  },
  logLevel: 'warn',
});
