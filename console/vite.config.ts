import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  plugins: [react()],
  resolve: { alias: { '@hush/client': here('../client/src/index.ts') } },
  build: {
    ...{ outDir: here('dist'), emptyOutDir: true, target: 'es2022', modulePreload: false },
    // kB before compression; what is loaded first has a test (test/console/first-load.test.ts).
    chunkSizeWarningLimit: 1_000,
  },
  logLevel: 'warn',
});
