import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'

/** A file of the page. Its version is in its URL: what has one URL never changes. */
export interface Asset {
  type: string
  version: string
  content(): Promise<string>
}

// The badge of an outside validator is Swagger UI's default: it would send our document's address there.
const start = `window.ui = SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
})
`
const css = 'text/css; charset=utf-8'
const javascript = 'text/javascript; charset=utf-8'

const require = createRequire(import.meta.url)
const installed = (): string => require.resolve('swagger-ui-dist/package.json')

/** The files of the page by name; null when `find`, which gives the path of the package's manifest, finds none. */
export const findAssets = (find: () => string = installed): ReadonlyMap<string, Asset> | null => {
  const manifest = manifestFrom(find)
  if (manifest === null) return null
  const { folder, version } = manifest
  const file = (name: string, type: string): [string, Asset] => {
    let content: Promise<string> | undefined
    return [name, { type, version, content: () => (content ??= readFile(join(folder, name), 'utf8')) }]
  }
  const startVersion = createHash('sha256').update(start).digest('hex').slice(0, 12)
  return new Map([
    file('swagger-ui.css', css),
    file('swagger-ui-bundle.js', javascript),
    ['start.js', { type: javascript, version: startVersion, content: async () => start }],
  ])
}

const manifestFrom = (find: () => string): { folder: string; version: string } | null => {
  try {
    const path = find()
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(path, 'utf8')))
    return { folder: dirname(path), version }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}
