// Removes dist/, so that nothing of a renamed or deleted source stays in the package.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
