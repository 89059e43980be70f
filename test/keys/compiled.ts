import { execFileSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The room as JavaScript: the child is a bare node, which runs no TypeScript. */
export const compiled = (dir: string): string => {
  const options = ['--ignoreConfig', '--rootDir', '.', '--outDir', dir, '--module', 'nodenext', '--target', 'es2023']
  const more = ['--types', 'node', '--rewriteRelativeImportExtensions', '--skipLibCheck']
  execFileSync(
    join(root, 'node_modules/.bin/tsc'),
    ['src/keys/file-keys.ts', 'src/keys/sealing.ts', ...options, ...more],
    { cwd: root },
  )
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))
  return join(dir, 'src/keys/file-keys.js')
}
